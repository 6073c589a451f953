#include <fmt/format.h>

#include "chunks.h"
#include "common/oracle/attention.h"
#include "costs.h"
#include "extremes.h"
#include "maps.h"
#include "some_queries.h"

using namespace workbook;
using namespace workbook::linear_attention;

namespace {

constexpr std::int64_t kNeedles = 16;  // one in each head

/// `kv_len` keys, of which the query wants one: it is `strength` times that key. The one's value is 1, all others are
/// 0, so that the output is the weight of the needle.
Inputs needle(std::int64_t kv_len, float strength) {
  Inputs in = random_inputs({.heads = kNeedles, .q_len = 1, .kv_len = kv_len, .head_dim = 32, .value_dim = 1});
  std::ranges::fill(in.v.values(), 0.f);
  for (std::int64_t h = 0; h < kNeedles; ++h) {
    const std::int64_t where = random_integer(0, kv_len - 1);
    in.v.at(0, h, where, 0) = 1;
    for (std::int64_t c = 0; c < 32; ++c) in.q.at(0, h, 0, c) = strength * in.k.at(0, h, where, c);
  }
  return in;
}

/// The needle's weight, averaged over all heads.
double mean(const Tensor64& weights) {
  const auto all = weights.values();
  return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(weights.size());
}

/// Softmax attention of the same inputs, whose values are one number wide.
double softmax_mean(const Inputs& in) {
  double sum = 0;
  Tensor64 v(in.k.shape());
  for (std::int64_t j = 0; j < in.v.size(); ++j) v.values()[j * 32] = double{in.v.values()[j]};
  const Tensor64 out = oracle::attention(to_double(in.q), to_double(in.k), v);
  for (std::int64_t h = 0; h < kNeedles; ++h) sum += out.at(0, h, 0, 0);
  return sum / kNeedles;
}

/// What each form holds, as the implementation counts it, and `heads` times that as text.
std::string held_by_each(const Problem& problem, std::int64_t heads) {
  std::string text;
  for (const auto& [form, name] : {std::pair{Form::scores, "scores "},
                                   {Form::cumulative_sum, ", cumulative sum "},
                                   {Form::running_state, ", running state "},
                                   {Form::chunked, ", chunks "}}) {
    const std::int64_t got = student<held_bytes>(form, problem);
    CHECK_THAT(got, holds(form, problem));
    text += name + size_text(static_cast<std::uint64_t>(heads * std::max<std::int64_t>(got, 0)));
  }
  return text;
}

}  // namespace

TEST_CASE("a needle in a haystack: what linear attention cannot do", "[advanced][noncausal_attention][2pt]") {
  const auto [kv_len, strength] = GENERATE(table<int, float>({{16, 1.f}, {256, 1.f}, {256, 4.f}, {256, 16.f}}));
  const Inputs in = needle(kv_len, strength);
  const auto weight = [&](FeatureMap map) {
    const Tensor got = student<noncausal_attention>(in.q, in.k, in.v, map);
    CHECK_THAT(got, attends(in, {.map = map}));
    return mean(to_double(got));
  };
  const double elu = weight(FeatureMap::elu_plus_one), features = weight(FeatureMap::softmax);
  const double softmax = softmax_mean(in);
  CHECK(elu < 2.5 / kv_len);
  CHECK(softmax > 0.2);
  remark(
      fmt::format("{} keys, query {} times the key it wants, whose weight is: softmax attention {:.3f}, elu + 1 "
                  "{:.4f}, softmax features {:.4f}",
                  kv_len, strength, softmax, elu, features));
}

TEST_CASE("no keys leave zeros", "[advanced][noncausal_attention][1pt]") {
  const Inputs in = random_inputs({.heads = 2, .q_len = 3, .kv_len = 0, .value_dim = 6});
  CHECK_THAT(student<noncausal_attention>(in.q, in.k, in.v, FeatureMap::softmax),
             attends(in, Formula{})
                 .but_not(
                     [&] {
                       return Tensor64({1, 2, 3, 6}, std::numeric_limits<double>::quiet_NaN());
                     },
                     "NaN: 0 / 0. Without keys a query's denominator is 0, and it gives zeros"));
}

TEST_CASE("what comes later cannot hurt", "[advanced][causal_running_state][1pt]") {
  Inputs in = random_inputs({.q_len = 9, .kv_len = 9, .value_dim = 6});
  in.k.at(0, 0, 6, 1) = in.v.at(0, 0, 6, 1) = std::nanf("");
  const Tensor got = student<causal_running_state>(in.q, in.k, in.v, FeatureMap::elu_plus_one);
  const Inputs seen{Tensor({1, 1, 6, 8}, in.q.values().first(48)), Tensor({1, 1, 6, 8}, in.k.values().first(48)),
                    Tensor({1, 1, 6, 6}, in.v.values().first(36))};
  REQUIRE(got.shape() == in.v.shape());
  CHECK_THAT(
      Tensor({1, 1, 6, 6}, got.values().first(36)),
      attends_causally(seen, FeatureMap::elu_plus_one)
          .otherwise("a key of position 6 is NaN, and a query before it is wrong: it reads what it must not see"));
}

TEST_CASE("time and memory for each token do not grow", "[advanced][causal_running_state][2pt]") {
  std::uint64_t few = 0;
  std::string text;
  for (const int seq : {64, 1024, 10'752}) {
    const Inputs in = uniform_inputs({.q_len = seq, .kv_len = seq, .head_dim = 16, .value_dim = 16});
    const Tensor got = student<causal_running_state>(in.q, in.k, in.v, FeatureMap::elu_plus_one);
    const std::uint64_t bytes = evidence().counts().workspace();
    if (few == 0) few = bytes;
    REQUIRE(got.shape() == in.v.shape());
    const Positions some = some_positions(seq);
    UNSCOPED_INFO(kSomeQueries);
    CHECK_THAT(rows_at(got, some), attends_at(some, in, FeatureMap::elu_plus_one));
    CHECK_THAT(evidence(), workspace_at_most(32 << 10,
                                             "a state is 1 KiB, the features of a position 64 bytes. This limit is the "
                                             "same for any number of positions: what a short sequence wastes is no "
                                             "allowance for a long one"));
    CHECK_THAT(evidence(), workspace_at_most(few + (2 << 10),
                                             "what 64 positions took, and 2 KiB. Does something grow "
                                             "with the sequence? A state does not"));
    const auto& seconds = evidence().counts().seconds;
    text += fmt::format("{}{} tokens: {}, {:.2f} us a token", text.empty() ? "" : "; ", seq, size_text(bytes),
                        seconds.empty() ? 0 : seconds.front() / seq * 1e6);
  }
  remark(text);
}

TEST_CASE("long sums lose nothing that matters", "[advanced][causal_cumulative_sum][1pt]") {
  Inputs in = random_inputs({.heads = 2, .q_len = 300, .kv_len = 300, .head_dim = 4, .value_dim = 3});
  in.v = random_outliers(in.v.shape());
  CHECK_THAT(student<causal_cumulative_sum>(in.q, in.k, in.v, FeatureMap::elu_plus_one),
             attends_causally(in, FeatureMap::elu_plus_one));
}

TEST_CASE("any chunk is exact", "[advanced][causal_chunked][2pt]") {
  const Inputs in = random_inputs({.heads = 2, .q_len = 97, .kv_len = 97, .head_dim = 5, .value_dim = 7});
  const FeatureMap map = GENERATE(FeatureMap::elu_plus_one, FeatureMap::softmax);
  for (const int chunk : {1, 2, 31, 32, 96, 97, 98}) {
    const ChunkOptions options{map, chunk};
    CHECK_THAT(student<causal_chunked>(in.q, in.k, in.v, options), attends_in_chunks(in, options));
  }
}

TEST_CASE("a chunk has at least one position", "[advanced][causal_chunked][1pt]") {
  const Inputs in = random_inputs({.q_len = 3, .kv_len = 3, .value_dim = 6});
  const int chunk = GENERATE(0, -1, std::numeric_limits<int>::min());
  CHECK_THAT(
      [&] {
        student<causal_chunked>(in.q, in.k, in.v, {FeatureMap::softmax, chunk});
      },
      Refused("a chunk has at least 1 position: expected std::invalid_argument with a message that names the "
              "chunk that was found",
              {std::to_string(chunk)}));
}

TEST_CASE("chunks are used again by the next head", "[advanced][causal_chunked][1pt]") {
  const Inputs in = random_inputs({.batch = 2, .heads = 352, .q_len = 64, .kv_len = 64, .head_dim = 4, .value_dim = 4});
  const Tensor got = student<causal_chunked>(in.q, in.k, in.v, {FeatureMap::elu_plus_one, 64});
  REQUIRE(got.shape() == in.v.shape());
  const Positions some = some_positions(64);
  UNSCOPED_INFO(kSomeQueries);
  CHECK_THAT(rows_at(got, some), attends_at(some, in, FeatureMap::elu_plus_one));
  CHECK_THAT(evidence(), workspace_at_most(48 << 10,
                                           "the weights of a chunk are 16 KiB, its features 2 KiB, and matmul wants "
                                           "some; the weights of all 704 heads are 11 MiB"));
}

TEST_CASE("without a mask: heads may have any width", "[advanced][noncausal_attention][1pt]") {
  check_wide_heads<noncausal_attention>();
}

TEST_CASE("without a mask: a tiny denominator is one", "[advanced][noncausal_attention][1pt]") {
  check_tiny_weights<noncausal_attention>();
}

TEST_CASE("without a mask: a call keeps nothing for the next", "[advanced][noncausal_attention][1pt]") {
  check_next_call<noncausal_attention>();
}

TEST_CASE("the running state: heads may have any width", "[advanced][causal_running_state][1pt]") {
  check_wide_heads<causal_running_state>();
}

TEST_CASE("the running state: a tiny denominator is one", "[advanced][causal_running_state][1pt]") {
  check_tiny_weights<causal_running_state>();
}

TEST_CASE("the running state: a call keeps nothing for the next", "[advanced][causal_running_state][1pt]") {
  check_next_call<causal_running_state>();
}

TEST_CASE("the cumulative sum: heads may have any width", "[advanced][causal_cumulative_sum][1pt]") {
  check_wide_heads<causal_cumulative_sum>();
}

TEST_CASE("the cumulative sum: a tiny denominator is one", "[advanced][causal_cumulative_sum][1pt]") {
  check_tiny_weights<causal_cumulative_sum>();
}

TEST_CASE("the cumulative sum: a call keeps nothing for the next", "[advanced][causal_cumulative_sum][1pt]") {
  check_next_call<causal_cumulative_sum>();
}

TEST_CASE("chunks: heads may have any width", "[advanced][causal_chunked][1pt]") { check_wide_heads<causal_chunked>(); }

TEST_CASE("chunks: a tiny denominator is one", "[advanced][causal_chunked][1pt]") {
  check_tiny_weights<causal_chunked>();
}

TEST_CASE("chunks: a call keeps nothing for the next", "[advanced][causal_chunked][1pt]") {
  check_next_call<causal_chunked>();
}

TEST_CASE("a chunk may be larger than the sequence, up to the largest int", "[advanced][causal_chunked][1pt]") {
  const Inputs in = random_inputs({.heads = 2, .q_len = 5, .kv_len = 5, .value_dim = 6});
  const int chunk = GENERATE(6, 4096, std::numeric_limits<int>::max() - 2, std::numeric_limits<int>::max());
  CHECK_THAT(student<causal_chunked>(in.q, in.k, in.v, {FeatureMap::softmax, chunk}),
             is_attention(in, {.map = FeatureMap::softmax, .values = causal})
                 .but_not([&] { return Tensor64(in.v.shape()); },
                          "all rows are zeros: no chunk was visited. Was a number of chunks, or the end of one, "
                          "computed in int? The sum of seq and chunk is no int here"));
  CHECK_THAT(evidence(), workspace_at_most(64 << 10,
                                           "a chunk has as many positions as the sequence, at most: 5. The weights of "
                                           "4096 positions would be 64 MiB"));
}

TEST_CASE("a chunk of all positions is made of pairs", "[advanced][causal_chunked][1pt]") {
  // phi(k) is 1e25, v is 1e15 and more, so a state would overflow; phi(q) is 1e-20, so no weight and no result does.
  Inputs in = random_inputs({.q_len = 7, .kv_len = 7, .value_dim = 6});
  in.q = plus(in.q, -45);
  in.k = plus(in.k, 1e25F);
  for (float& x : in.v.values()) x = std::copysign(1e15F * (1 + std::abs(x)), x);
  const auto overflowed = [&] {
    Tensor64 state(in.v.shape());
    for (std::int64_t i = 0; i < 7; ++i)
      for (std::int64_t e = 0; e < 6; ++e)
        for (std::int64_t j = 0; j <= i; ++j) state.at(0, 0, i, e) += double{kInfinity} * in.v.at(0, 0, j, e);
    return state;
  };
  const int chunk = GENERATE(7, 64);
  CHECK_THAT(student<causal_chunked>(in.q, in.k, in.v, {FeatureMap::elu_plus_one, chunk}),
             is_attention(in, {.values = causal})
                 .but_not(overflowed,
                          "the products of phi(k) and v overflow here, and they are part of the result. Inside a chunk "
                          "weights come first, phi(q) times phi(k), and these fit. One chunk holds the whole sequence: "
                          "no query needs a state"));
}

TEST_CASE("sizes are exact up to 2^63 - 1", "[advanced][held_bytes][1pt]") {
  constexpr int kLargest = std::numeric_limits<int>::max();
  for (const Problem& wide : {Problem{1, 65'536, 65'535, 1}, Problem{1, 1, kLargest, 1}})
    CHECK_THAT(student<held_bytes>(Form::running_state, wide), holds(Form::running_state, wide));
  for (const Form form : {Form::cumulative_sum, Form::running_state}) {
    const Problem problem{.seq = kLargest, .head_dim = 32'767, .value_dim = 32'766};
    CHECK_THAT(student<held_bytes>(form, problem), holds(form, problem));
  }
  for (const Form form : {Form::scores, Form::chunked}) {
    const Problem problem{.seq = 1'518'500'249, .head_dim = 1, .value_dim = 0, .chunk = 1'518'500'249};
    CHECK_THAT(student<held_bytes>(form, problem), holds(form, problem));
  }
}

TEST_CASE("work is exact up to 2^63 - 1", "[advanced][flops][1pt]") {
  for (const Form form : {Form::cumulative_sum, Form::running_state}) {
    const Problem problem{.seq = std::numeric_limits<int>::max(), .head_dim = 32'767, .value_dim = 32'767};
    CHECK_THAT(student<flops>(form, problem), costs(form, problem));
  }
  for (const Form form : {Form::scores, Form::chunked}) {
    const Problem problem{.seq = 2'147'480'001, .head_dim = 1, .value_dim = 1, .chunk = 2'147'480'001};
    CHECK_THAT(student<flops>(form, problem), costs(form, problem));
  }
}

TEST_CASE("four sequences of 1024 tokens, 16 heads of 32 channels", "[advanced][held_bytes][1pt]") {
  remark("all 64 heads: " + held_by_each({.seq = 1024, .head_dim = 32, .value_dim = 32, .chunk = 64}, 64));
}

TEST_CASE("a head of a million tokens", "[advanced][held_bytes][1pt]") {
  remark(held_by_each({.seq = 1'000'000, .head_dim = 32, .value_dim = 32, .chunk = 64}, 1));
}

TEST_CASE("from 2 head_dim tokens on, a state is less work", "[advanced][flops][2pt]") {
  const int head_dim = GENERATE(32, 128);
  const auto of = [&](Form form, int seq) {
    const Problem problem{.seq = seq, .head_dim = head_dim, .value_dim = head_dim, .chunk = std::min(seq, 64)};
    const std::int64_t got = student<flops>(form, problem);
    CHECK_THAT(got, costs(form, problem));
    return static_cast<double>(got);
  };
  const int even = 2 * head_dim - 1;
  CHECK(of(Form::scores, even) == of(Form::running_state, even));
  CHECK(of(Form::scores, even + 1) > of(Form::running_state, even + 1));
  remark(
      fmt::format("head_dim {}, 8192 tokens: a score matrix takes {:.1f} times the work of a running state, chunks "
                  "of 64 take {:.2f} times",
                  head_dim, of(Form::scores, 8192) / of(Form::running_state, 8192),
                  of(Form::chunked, 8192) / of(Form::running_state, 8192)));
}
