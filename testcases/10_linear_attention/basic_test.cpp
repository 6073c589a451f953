#include "chunks.h"
#include "costs.h"
#include "extremes.h"
#include "maps.h"
#include "some_queries.h"

using namespace workbook;
using namespace workbook::linear_attention;

TEST_CASE("elu + 1 is positive everywhere", "[basic][feature_map][1pt]") {
  const Tensor x = random_normal(GENERATE(Shape{1, 1, 1, 1}, Shape{2, 3, 5, 7}), 2);
  CHECK_THAT(student<feature_map>(x, FeatureMap::elu_plus_one), is_elu_plus_one(x));
}

TEST_CASE("far below zero a feature is tiny, not zero", "[basic][feature_map][1pt]") {
  Tensor x = random_normal({1, 2, 3, 8}, 10);
  for (float& value : x.values()) value = -12 - std::abs(value);
  CHECK_THAT(student<feature_map>(x, FeatureMap::elu_plus_one), is_elu_plus_one(x));
}

TEST_CASE("the softmax map is a softmax over channels", "[basic][feature_map][1pt]") {
  const Tensor x = GENERATE(false, true) ? random_large_logits({2, 2, 5, 8}) : random_normal({2, 3, 4, 7});
  CHECK_THAT(student<feature_map>(x, FeatureMap::softmax), is_channel_softmax(x));
}

TEST_CASE("features are right for the largest and the smallest numbers", "[basic][feature_map][1pt]") {
  const Tensor x({1, 1, 2, 9}, std::vector<float>{-3e38F, -1e30F, -86, -75, -55, -40, -21, -16.5F, -14,  //
                                                  3e38F, 1e30F, 1e9F, 100, 20, 1e-20F, 0, -1e-20F, -1});
  CHECK_THAT(student<feature_map>(x, FeatureMap::elu_plus_one), is_elu_plus_one(x));
}

TEST_CASE("the largest channel may be any number", "[basic][feature_map][1pt]") {
  Tensor x = random_normal({2, 1, 7, 8});
  const float offsets[] = {-5, -200, -2e4F, -2e9F, -2e30F, 2e30F, 200};
  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t i = 0; i < 7; ++i)
      for (float& value : x.row(b, 0, i)) value += offsets[i];
  CHECK_THAT(student<feature_map>(x, FeatureMap::softmax), is_channel_softmax(x));
}

TEST_CASE("a row of features may have any width", "[basic][feature_map][1pt]") {
  const int width = GENERATE(65, 129, 300, 1100);
  const Tensor x = random_normal({2, 1, 3, width});
  CHECK_THAT(student<feature_map>(x, FeatureMap::elu_plus_one), is_elu_plus_one(x));
  CHECK_THAT(student<feature_map>(x, FeatureMap::softmax), is_channel_softmax(x));
}

TEST_CASE("features are those of this call", "[basic][feature_map][1pt]") {
  const FeatureMap map = GENERATE(FeatureMap::elu_plus_one, FeatureMap::softmax);
  const Tensor before = random_normal({1, 2, 3, 4}), x = random_normal(before.shape());
  student<feature_map>(before, map);
  const Matches right = map == FeatureMap::softmax ? is_channel_softmax(x) : is_elu_plus_one(x);
  CHECK_THAT(student<feature_map>(x, map),
             Matches(right).but_not([=] { return features(before, map); },
                                    "these are the features of the call before, which had the same shape: a call keeps "
                                    "nothing for the next one"));
}

TEST_CASE("the definition, without a mask", "[basic][noncausal_attention][2pt]") {
  const FeatureMap map = GENERATE(FeatureMap::elu_plus_one, FeatureMap::softmax);
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 9}, {7, 3}, {1, 1}}));
  const Inputs in = random_inputs({.batch = 2, .heads = 3, .q_len = q_len, .kv_len = kv_len, .value_dim = 6});
  CHECK_THAT(student<noncausal_attention>(in.q, in.k, in.v, map), attends(in, {.map = map}));
}

TEST_CASE("no score matrix is held", "[basic][noncausal_attention][2pt]") {
  const Inputs in = random_inputs({.q_len = 1792, .kv_len = 1792, .head_dim = 4, .value_dim = 4});
  const Tensor got = student<noncausal_attention>(in.q, in.k, in.v, FeatureMap::elu_plus_one);
  REQUIRE(got.shape() == in.v.shape());
  const Positions some = some_positions(1792);
  UNSCOPED_INFO(kSomeQueries);
  CHECK_THAT(rows_at(got, some), attends(with_queries_at(some, in), Formula{}));
  CHECK_THAT(evidence(),
             workspace_at_most(96 << 10,
                               "the features of q and k are 28 KiB each, the sums 80 bytes, and matmul may want some; "
                               "the weights of all pairs are 12 MiB. Multiply keys and values first: "
                               "phi(q) (phi(k)^T v), not (phi(q) phi(k)^T) v"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; the weights of all pairs would be 12 MiB");
}

TEST_CASE("without a mask: no sum is taken twice", "[basic][count][noncausal_attention][1pt]") {
  check_reads<noncausal_attention>(16);
}

TEST_CASE("a state that runs along is causal attention", "[basic][causal_running_state][3pt]") {
  const FeatureMap map = GENERATE(FeatureMap::elu_plus_one, FeatureMap::softmax);
  const int seq = GENERATE(1, 9, 20);
  const Inputs in = random_inputs({.batch = 2, .heads = 2, .q_len = seq, .kv_len = seq, .value_dim = 6});
  CHECK_THAT(student<causal_running_state>(in.q, in.k, in.v, map), attends_causally(in, map));
}

TEST_CASE("one state is enough for any sequence", "[basic][causal_running_state][2pt]") {
  const Inputs in = uniform_inputs({.heads = 2, .q_len = 768, .kv_len = 768, .head_dim = 512, .value_dim = 8});
  const Tensor got = student<causal_running_state>(in.q, in.k, in.v, FeatureMap::elu_plus_one);
  REQUIRE(got.shape() == in.v.shape());
  const Positions some = some_positions(768);
  UNSCOPED_INFO(kSomeQueries);
  CHECK_THAT(rows_at(got, some), attends_at(some, in, FeatureMap::elu_plus_one));
  CHECK_THAT(evidence(), workspace_at_most(32 << 10,
                                           "a state is 18 KiB, the features of a position 2; the features of all "
                                           "keys are 3 MiB, the states of one head 13.5 MiB. Map a row when it is "
                                           "needed, and let the next head use the same state"));
  remark("workspace " + size_text(evidence().counts().workspace()) +
         "; the states after all positions of one head would be 13.5 MiB");
}

TEST_CASE("the running state: no sum is taken twice", "[basic][count][causal_running_state][1pt]") {
  check_reads<causal_running_state>(16);
}

TEST_CASE("the cumulative sum gives the same", "[basic][causal_cumulative_sum][2pt]") {
  const FeatureMap map = GENERATE(FeatureMap::elu_plus_one, FeatureMap::softmax);
  const int seq = GENERATE(1, 11);
  const Inputs in = random_inputs({.batch = 2, .heads = 2, .q_len = seq, .kv_len = seq, .value_dim = 6});
  CHECK_THAT(student<causal_cumulative_sum>(in.q, in.k, in.v, map), attends_causally(in, map));
}

TEST_CASE("the states of one head are held, once", "[basic][causal_cumulative_sum][2pt]") {
  const Inputs in = random_inputs({.heads = 2, .q_len = 1722, .kv_len = 1722, .head_dim = 41, .value_dim = 41});
  const Tensor got = student<causal_cumulative_sum>(in.q, in.k, in.v, FeatureMap::softmax);
  REQUIRE(got.shape() == in.v.shape());
  const Positions some = some_positions(1722);
  UNSCOPED_INFO(kSomeQueries);
  CHECK_THAT(rows_at(got, some), attends_at(some, in, FeatureMap::softmax));
  CHECK_THAT(evidence(),
             workspace_at_most(12'300 << 10,
                               "the states of one head are 11 MiB, its features 552 KiB. Products and their sums are "
                               "22 MiB: add each product to a copy of the state before it. Both heads at once "
                               "are 23 MiB: the next head can use the same memory"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; a score matrix would be 11 MiB");
}

TEST_CASE("all states are there before a query reads", "[basic][causal_cumulative_sum][1pt]") {
  const Inputs in = random_inputs({.q_len = 256, .kv_len = 256, .head_dim = 16, .value_dim = 16});
  const Tensor got = student<causal_cumulative_sum>(in.q, in.k, in.v, FeatureMap::elu_plus_one);
  CHECK_THAT(got, is_attention(in, {.values = causal}));
  CHECK_THAT(!evidence().metered() || evidence().counts().workspace() >= 256 << 10,
             otherwise("expected a workspace of 256 KiB or more: in this form, the states after all positions of a "
                       "head come first, and then all of its queries read. Here they were never held at once"));
}

TEST_CASE("the cumulative sum: no sum is taken twice", "[basic][count][causal_cumulative_sum][1pt]") {
  check_reads<causal_cumulative_sum>(16);
}

TEST_CASE("chunks give the same", "[basic][causal_chunked][4pt]") {
  const FeatureMap map = GENERATE(FeatureMap::elu_plus_one, FeatureMap::softmax);
  const int chunk = GENERATE(4, 12, 3, 1);
  const Inputs in = random_inputs({.batch = 2, .heads = 2, .q_len = 12, .kv_len = 12, .value_dim = 6});
  CHECK_THAT(student<causal_chunked>(in.q, in.k, in.v, {map, chunk}), attends_in_chunks(in, {map, chunk}));
}

TEST_CASE("chunks need not divide the sequence", "[basic][causal_chunked][2pt]") {
  const auto [seq, chunk] = GENERATE(table<int, int>({{13, 5}, {10, 4}, {7, 64}, {1, 2}}));
  const Inputs in = random_inputs({.batch = 1, .heads = 2, .q_len = seq, .kv_len = seq, .value_dim = 6});
  const ChunkOptions options{FeatureMap::elu_plus_one, chunk};
  CHECK_THAT(student<causal_chunked>(in.q, in.k, in.v, options), attends_in_chunks(in, options));
}

TEST_CASE("one state and one chunk are held", "[basic][causal_chunked][3pt]") {
  const Inputs in = uniform_inputs({.q_len = 12'288, .kv_len = 12'288, .head_dim = 64, .value_dim = 29});
  const Tensor got = student<causal_chunked>(in.q, in.k, in.v, {FeatureMap::elu_plus_one, 8});
  REQUIRE(got.shape() == in.v.shape());
  const Positions some = some_positions(12'288);
  UNSCOPED_INFO(kSomeQueries);
  CHECK_THAT(rows_at(got, some), attends_at(some, in, FeatureMap::elu_plus_one));
  CHECK_THAT(evidence(), workspace_at_most(64 << 10,
                                           "a state is 7.5 KiB, the weights of a chunk 256 bytes, its features 4 KiB, "
                                           "and matmul wants some; the states before all chunks are 11 MiB, the "
                                           "features of all keys 3 MiB, a score matrix 576 MiB"));
  remark("workspace " + size_text(evidence().counts().workspace()) +
         "; the states after all positions would be 90 MiB");
}

TEST_CASE("chunks: no sum is taken twice", "[basic][count][causal_chunked][1pt]") { check_reads<causal_chunked>(16); }

TEST_CASE("a cumulative sum holds a state for every position", "[basic][held_bytes][2pt]") {
  const Form form = GENERATE(Form::scores, Form::cumulative_sum, Form::running_state, Form::chunked);
  const Problem problem{.seq = 40, .head_dim = 6, .value_dim = 5, .chunk = 8};
  CHECK_THAT(student<held_bytes>(form, problem), holds(form, problem));
}

TEST_CASE("pairs grow with the square, positions do not", "[basic][flops][2pt]") {
  const Form form = GENERATE(Form::scores, Form::cumulative_sum, Form::running_state, Form::chunked);
  const int seq = GENERATE(1, 40, 43);
  const Problem problem{.seq = seq, .head_dim = 6, .value_dim = 5, .chunk = std::min(seq, 8)};
  CHECK_THAT(student<flops>(form, problem), costs(form, problem));
}
