#include <fmt/format.h>

#include "attends.h"
#include "costs.h"
#include "layer.h"

using namespace workbook;
using namespace workbook::latent_attention;

TEST_CASE("a million tokens into the text", "[advanced][rope][1pt]") {
  const Tensor x = random_normal({1, 1, 3, 8});
  CHECK_THAT(student<rope>(x, 1'000'003), is_rotated(x, 1'000'003));
}

TEST_CASE("expanded: scores may have any size", "[advanced][expanded_attention][1pt]") {
  const Inputs in = random_inputs({.heads = 2, .q_len = 4, .kv_len = 6}, 20);
  CHECK_THAT(student<expanded_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
}

TEST_CASE("absorbed: scores may have any size", "[advanced][absorbed_attention][1pt]") {
  const Inputs in = random_inputs({.heads = 2, .q_len = 4, .kv_len = 6}, 20);
  CHECK_THAT(student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
}

TEST_CASE("queries without a visible key give zeros", "[advanced][absorbed_attention][1pt]") {
  const Inputs in = random_inputs({.heads = 2, .q_len = 5, .kv_len = 3});
  CHECK_THAT(student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
}

TEST_CASE("decoding token by token is the whole sequence", "[advanced][absorbed_attention][2pt]") {
  // The queries and the cache come from the oracle: what is judged is the step of a decoder.
  const LayerWeights weights = random_weights({.heads = 3});
  const Tensor x = random_normal({1, 6, 9});
  const Inputs all{to_float(all_queries<double>(x, weights, 3, 0)),
                   {to_float(latents<double>(x, weights)), to_float(rope_keys<double>(x, weights, 0))},
                   weights.w_uk,
                   weights.w_uv};
  const std::int64_t kv_len = GENERATE(1, 4, 6);
  Inputs step{Tensor({1, 3, 1, 10}), {Tensor({1, kv_len, 7}), Tensor({1, kv_len, 4})}, all.w_uk, all.w_uv};
  for (std::int64_t h = 0; h < 3; ++h) std::ranges::copy(all.q.row(0, h, kv_len - 1), step.q.row(0, h, 0).begin());
  std::ranges::copy(all.cache.latent.values().first(step.cache.latent.values().size()),
                    step.cache.latent.values().begin());
  std::ranges::copy(all.cache.rope_key.values().first(step.cache.rope_key.values().size()),
                    step.cache.rope_key.values().begin());
  const Tensor got = student<absorbed_attention>(step.q, step.cache, step.w_uk, step.w_uv);
  CHECK_THAT(got, attends(step));
  REQUIRE(got.shape() == Shape{1, 3, 1, 5});
  const Tensor64 whole = attention<double>(all);
  for (std::int64_t h = 0; h < 3; ++h)
    CHECK_THAT(Tensor({5}, got.row(0, h, 0)), matches(TensorOf<double>({5}, whole.row(0, h, kv_len - 1)),
                                                      oracle::lost_in_float(attention<float>(all), whole)));
}

TEST_CASE("scores are used again by the next head", "[advanced][absorbed_attention][1pt]") {
  const Inputs in = random_inputs({.heads = 704, .q_len = 64, .kv_len = 64});
  CHECK_THAT(student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
  CHECK_THAT(evidence(), workspace_at_most(64 << 10,
                                           "scores of one head are 16 KiB, its queries among the latents 2 KiB, and "
                                           "matmul wants some; scores of 704 heads are 11 MiB"));
}

TEST_CASE("DeepSeek V3 at 128 Ki tokens", "[advanced][cache_bytes_per_token][2pt]") {
  const Model model = deepseek_v3();
  std::string text;
  for (const auto& [scheme, name] : {std::pair{Scheme::multi_head, "128 heads "},
                                     {Scheme::grouped_query, ", 8 KV heads "},
                                     {Scheme::multi_query, ", 1 KV head "},
                                     {Scheme::latent, ", latents "}}) {
    const std::int64_t got = student<cache_bytes_per_token>(scheme, model);
    CHECK_THAT(got, leaves_behind(scheme, model));
    text += name + size_text(static_cast<std::uint64_t>(std::max<std::int64_t>(got, 0)) << 17);
  }
  remark(text);
}

TEST_CASE("a cache larger than an int", "[advanced][cache_bytes_per_token][1pt]") {
  const Model model{.layers = 1000, .heads = 4096, .head_dim = 512, .bytes_per_element = 4};
  CHECK_THAT(student<cache_bytes_per_token>(Scheme::multi_head, model), leaves_behind(Scheme::multi_head, model));
}

TEST_CASE("absorb to decode, expand to read a prompt", "[advanced][flops][2pt]") {
  const auto of = [](Form form, int q_len) {
    const Problem problem{
        .q_len = q_len, .kv_len = 4096, .head_dim = 128, .value_dim = 128, .rope_dim = 64, .kv_rank = 512};
    const std::int64_t got = student<flops>(form, problem);
    CHECK_THAT(got, costs(form, problem));
    return static_cast<double>(got);
  };
  CHECK(of(Form::absorbed, 1) < of(Form::expanded, 1));
  CHECK(of(Form::absorbed, 163) < of(Form::expanded, 163));
  CHECK(of(Form::absorbed, 164) > of(Form::expanded, 164));
  remark(
      fmt::format("4096 keys, DeepSeek V3's head: 1 query takes {:.0f} times the FLOPs if expanded; 4096 queries "
                  "take {:.2f} times the FLOPs if absorbed",
                  of(Form::expanded, 1) / of(Form::absorbed, 1), of(Form::absorbed, 4096) / of(Form::expanded, 4096)));
}
