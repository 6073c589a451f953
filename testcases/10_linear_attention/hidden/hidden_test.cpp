#include "chunks.h"
#include "costs.h"
#include "maps.h"

using namespace workbook;
using namespace workbook::linear_attention;

namespace {

FeatureMap map_of(int i) { return i % 2 == 0 ? FeatureMap::elu_plus_one : FeatureMap::softmax; }

Inputs causal_inputs_drawn_at_random() {
  const std::int64_t seq = random_integer(1, 40);
  return random_inputs({.batch = random_integer(1, 2),
                        .heads = random_integer(1, 3),
                        .q_len = seq,
                        .kv_len = seq,
                        .head_dim = random_integer(1, 20),
                        .value_dim = random_integer(1, 20)});
}

}  // namespace

// Hint: inputs may be far from 0 on either side. Which exponential can overflow?
TEST_CASE("features of any size", "[hidden][feature_map][1pt]") {
  const Tensor x = random_normal({1, 2, 3, 9}, 30);
  CHECK_THAT(student<feature_map>(x, FeatureMap::elu_plus_one), is_elu_plus_one(x));
  CHECK_THAT(student<feature_map>(x, FeatureMap::softmax), is_channel_softmax(x));
}

// Hint: queries and keys need not be equally many, nor keys and values equally wide.
TEST_CASE("without a mask, for shapes drawn at random", "[hidden][noncausal_attention][1pt]") {
  for (int i = 0; i < 10; ++i) {
    const Inputs in = random_inputs({.batch = random_integer(1, 2),
                                     .heads = random_integer(1, 3),
                                     .q_len = random_integer(1, 30),
                                     .kv_len = random_integer(1, 30),
                                     .head_dim = random_integer(1, 20),
                                     .value_dim = random_integer(1, 20)});
    CHECK_THAT(student<noncausal_attention>(in.q, in.k, in.v, map_of(i)), attends(in, {.map = map_of(i)}));
  }
}

// Hint: no two extents need be equal. When does a position enter the state?
TEST_CASE("the running state, for shapes drawn at random", "[hidden][causal_running_state][1pt]") {
  for (int i = 0; i < 10; ++i) {
    const Inputs in = causal_inputs_drawn_at_random();
    CHECK_THAT(student<causal_running_state>(in.q, in.k, in.v, map_of(i)), attends_causally(in, map_of(i)));
  }
}

// Hint: no two extents need be equal. Does a position's sum hold the position itself?
TEST_CASE("the cumulative sum, for shapes drawn at random", "[hidden][causal_cumulative_sum][1pt]") {
  for (int i = 0; i < 10; ++i) {
    const Inputs in = causal_inputs_drawn_at_random();
    CHECK_THAT(student<causal_cumulative_sum>(in.q, in.k, in.v, map_of(i)), attends_causally(in, map_of(i)));
  }
}

// Hint: the last chunk may be short, and a chunk may be longer than the sequence.
TEST_CASE("chunks, for shapes drawn at random", "[hidden][causal_chunked][2pt]") {
  for (int i = 0; i < 20; ++i) {
    const Inputs in = causal_inputs_drawn_at_random();
    const ChunkOptions options{map_of(i), static_cast<int>(random_integer(1, 45))};
    CHECK_THAT(student<causal_chunked>(in.q, in.k, in.v, options), attends_in_chunks(in, options));
  }
}

// Hint: how many states are alive at once?
TEST_CASE("chunks work where no cumulative sum fits", "[hidden][causal_chunked][2pt]") {
  const Inputs in = random_inputs({.q_len = 128, .kv_len = 128, .head_dim = 256, .value_dim = 256});
  const ChunkOptions options{FeatureMap::elu_plus_one, 16};
  CHECK_THAT(student<causal_chunked>(in.q, in.k, in.v, options), attends_in_chunks(in, options));
  CHECK_THAT(evidence(), workspace_at_most(768 << 10,
                                           "a state is 257 KiB, the features of a chunk 32 KiB, and matmul may want "
                                           "256 KiB; the states after all positions are 32 MiB"));
}

// Hint: the numbers get large. In which type is each product computed?
TEST_CASE("costs are exact in 64 bits", "[hidden][flops][1pt]") {
  const Problem problem{.seq = 999'983, .head_dim = 127, .value_dim = 131, .chunk = 97};
  for (const Form form : {Form::scores, Form::cumulative_sum, Form::running_state, Form::chunked})
    CHECK_THAT(student<flops>(form, problem), costs(form, problem));
}

// Hint: the numbers get large. In which type is each product computed?
TEST_CASE("sizes are exact in 64 bits", "[hidden][held_bytes][1pt]") {
  const Problem problem{.seq = 999'983, .head_dim = 127, .value_dim = 131, .chunk = 50'021};
  for (const Form form : {Form::scores, Form::cumulative_sum, Form::running_state, Form::chunked})
    CHECK_THAT(student<held_bytes>(form, problem), holds(form, problem));
}
