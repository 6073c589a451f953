#include <fmt/format.h>

#include "attends.h"
#include "costs.h"
#include "extremes.h"
#include "layer.h"
#include "one_head.h"

using namespace workbook;
using namespace workbook::latent_attention;

TEST_CASE("a million tokens into the text", "[advanced][rope][1pt]") {
  const Tensor x = random_normal({1, 1, 3, 8});
  CHECK_THAT(student<rope>(x, 999'997), is_rotated(x, 999'997));
}

TEST_CASE("expanded: scores may have any size", "[advanced][expanded_attention][1pt]") {
  const Inputs in = random_inputs({.heads = 2, .q_len = 4, .kv_len = 6}, 20);
  CHECK_THAT(student<expanded_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
}

TEST_CASE("absorbed: scores may have any size", "[advanced][absorbed_attention][1pt]") {
  const Inputs in = random_inputs({.heads = 2, .q_len = 4, .kv_len = 6}, 20);
  CHECK_THAT(student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
}

TEST_CASE("a long text", "[advanced][rope][1pt]") {
  const Tensor x = random_normal({1, 1, 9000, 6});
  CHECK_THAT(student<rope>(x, 3), is_rotated(x, 3));
}

TEST_CASE("positions beyond 16 bits", "[advanced][rope][1pt]") {
  const Tensor x = random_normal({2, 2, 3, 270});
  CHECK_THAT(student<rope>(x, 65'535), is_rotated(x, 65'535));
}

TEST_CASE("each call turns by its own positions", "[advanced][rope][1pt]") {
  const Tensor before = random_normal({1, 2, 4, 6}), x = random_normal(before.shape());
  student<rope>(before, 2);
  CHECK_THAT(student<rope>(x, 11),
             is_rotated(x, 11)
                 .but_not([=] { return rotated(x, 2); },
                          "the rows stand where those of the call before stood: each call has a first_position of its "
                          "own")
                 .but_not([=] { return rotated(before, 2); }, "this is the result of the call before")
                 .but_not([=] { return rotated(before, 11); }, "these are the rows of the call before, turned again"));
  const Tensor wider = random_normal({1, 2, 4, 10});
  CHECK_THAT(student<rope>(wider, 11),
             is_rotated(wider, 11).but_not(
                 [=] { return rotated(wider, 11, {.turn = {.width = 6}}); },
                 "the angles are those of rows of 6 channels, as the call before had them: here are 10"));
}

TEST_CASE("a token is compressed anew in each call", "[advanced][compress][1pt]") {
  const LayerWeights before = random_weights({}), weights = random_weights({});
  const Tensor old = random_normal({2, 3, 9}), x = random_normal(old.shape());
  student<compress>(old, before, 1);
  check_cache(student<compress>(x, weights, 5), x, weights, 5);
}

TEST_CASE("queries are made anew in each call", "[advanced][queries][1pt]") {
  const LayerWeights before = random_weights({}), weights = random_weights({});
  const Tensor old = random_normal({2, 3, 9}), x = random_normal(old.shape());
  student<queries>(old, before, 2, 1);
  CHECK_THAT(student<queries>(x, weights, 2, 5),
             are_queries(x, weights, 2, 5)
                 .but_not([=] { return all_queries<double>(x, before, 2, 5); },
                          "the weights are those of the call before: a call keeps nothing for the next one")
                 .but_not([=] { return all_queries<double>(old, before, 2, 1); },
                          "this is the result of the call before: a call keeps nothing for the next one"));
}

TEST_CASE("expanded: queries without a visible key give zeros", "[advanced][expanded_attention][1pt]") {
  check_no_keys<expanded_attention>();
}

TEST_CASE("expanded: any extent may be large", "[advanced][expanded_attention][1pt]") {
  check_large_extents<expanded_attention>();
}

TEST_CASE("expanded: equal scores are an average, whatever they are", "[advanced][expanded_attention][1pt]") {
  check_equal_scores<expanded_attention>();
}

TEST_CASE("expanded: a later key weighs nothing, whatever its score is", "[advanced][expanded_attention][1pt]") {
  check_later_key<expanded_attention>();
}

TEST_CASE("expanded: a single key has weight 1", "[advanced][expanded_attention][1pt]") {
  check_one_key<expanded_attention>();
}

TEST_CASE("expanded: a call keeps nothing for the next", "[advanced][expanded_attention][1pt]") {
  check_next_call<expanded_attention>();
}

TEST_CASE("absorbed: queries without a visible key give zeros", "[advanced][absorbed_attention][1pt]") {
  check_no_keys<absorbed_attention>();
}

TEST_CASE("absorbed: any extent may be large", "[advanced][absorbed_attention][1pt]") {
  check_large_extents<absorbed_attention>();
}

TEST_CASE("absorbed: equal scores are an average, whatever they are", "[advanced][absorbed_attention][1pt]") {
  check_equal_scores<absorbed_attention>();
}

TEST_CASE("absorbed: a later key weighs nothing, whatever its score is", "[advanced][absorbed_attention][1pt]") {
  check_later_key<absorbed_attention>();
}

TEST_CASE("absorbed: a single key has weight 1", "[advanced][absorbed_attention][1pt]") {
  check_one_key<absorbed_attention>();
}

TEST_CASE("absorbed: a call keeps nothing for the next", "[advanced][absorbed_attention][1pt]") {
  check_next_call<absorbed_attention>();
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
  const Inputs in = random_inputs({.heads = 704, .q_len = 16, .kv_len = 256});
  const Tensor got = student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv);
  REQUIRE(got.shape() == Shape{1, 704, 16, 5});
  UNSCOPED_INFO(kLastHead);
  CHECK_THAT(last_head(got), attends(last_head(in)));
  CHECK_THAT(evidence(),
             workspace_at_most(64 << 10,
                               "scores of one head are 16 KiB, its queries among the latents 448 bytes, and "
                               "matmul wants some; scores of 704 heads are 11 MiB"));
}

TEST_CASE("the layer takes the form that it is told", "[advanced][forward][2pt]") {
  const Form form = GENERATE(Form::expanded, Form::absorbed);
  // Whichever is not held, keys and values or latent queries, would be twice 2 MiB and more.
  const bool expanded = form == Form::expanded;
  const LayerWeights weights = random_weights({.heads = 1,
                                               .d_model = 3,
                                               .q_rank = 2,
                                               .kv_rank = expanded ? 8192 : 2,
                                               .head_dim = expanded ? 2 : 8192,
                                               .rope_dim = 2,
                                               .value_dim = expanded ? 2 : 8192});
  const Tensor x = random_normal({1, 64, 3});
  const Tensor got = student<forward>(x, weights, 1, form);
  REQUIRE(got.shape() == x.shape());
  const auto first_tokens = [](const Tensor& all) { return Tensor({1, 4, 3}, all.values().first(4 * 3)); };
  UNSCOPED_INFO("Only the first 4 tokens are compared: they do not see the others.");
  CHECK_THAT(first_tokens(got), is_layer(first_tokens(x), weights, 1));
  CHECK_THAT(evidence(),
             workspace_at_most(expanded ? 2560 << 10 : 4608 << 10,
                               expanded ? "expanded: the cache is 2 MiB, keys and values are 1 KiB, and matmul may "
                                          "want 256 KiB. Queries that have become as wide as latents are 2 MiB, and "
                                          "so are the weighted latents: these belong to the absorbed form"
                                        : "absorbed: queries and what attention gives are 2 MiB each, and matmul may "
                                          "want 256 KiB. Keys and values are 2 MiB each: these belong to the expanded "
                                          "form"));
}

TEST_CASE("the layer keeps nothing for the next call", "[advanced][forward][1pt]") {
  const Form form = GENERATE(Form::expanded, Form::absorbed);
  const LayerWeights before = random_weights({}), weights = random_weights({});
  const Tensor old = random_normal({1, 5, 9}), x = random_normal(old.shape());
  student<forward>(old, before, 2, form);
  CHECK_THAT(student<forward>(x, weights, 2, form),
             is_layer(x, weights, 2)
                 .but_not([=] { return layer<double>(x, before, 2); }, "the weights are those of the call before")
                 .but_not([=] { return layer<double>(old, before, 2); }, "this is the result of the call before"));
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

TEST_CASE("a cache is exact up to 2^63 - 1", "[advanced][cache_bytes_per_token][1pt]") {
  const Model model{.layers = 46'340,
                    .heads = 46'341,
                    .kv_heads = 46'339,
                    .head_dim = 536'870'911,
                    .kv_rank = 2'147'483'647,
                    .rope_dim = 2'147'483'646,
                    .bytes_per_element = 4};
  for (const Scheme scheme : {Scheme::multi_head, Scheme::grouped_query, Scheme::multi_query, Scheme::latent})
    CHECK_THAT(student<cache_bytes_per_token>(scheme, model), leaves_behind(scheme, model));
}

TEST_CASE("work is exact up to 2^63 - 1", "[advanced][flops][1pt]") {
  const Problem wide{.q_len = 1,
                     .kv_len = 1,
                     .head_dim = 2'147'483'647,
                     .value_dim = 2'147'483'647,
                     .rope_dim = 2'147'483'647,
                     .kv_rank = 536'870'911};
  const Problem long_text{
      .q_len = 1'073'741'789, .kv_len = 1'073'741'783, .head_dim = 1, .value_dim = 1, .rope_dim = 1, .kv_rank = 1};
  for (const Form form : {Form::expanded, Form::absorbed})
    for (const Problem& problem : {wide, long_text}) CHECK_THAT(student<flops>(form, problem), costs(form, problem));
}
