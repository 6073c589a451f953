#include <fmt/format.h>

#include "attends.h"
#include "costs.h"
#include "layer.h"
#include "one_head.h"

using namespace workbook;
using namespace workbook::latent_attention;

TEST_CASE("neighbouring channels turn by their angle", "[basic][rope][2pt]") {
  const Tensor x = random_normal(GENERATE(Shape{1, 1, 5, 2}, Shape{2, 3, 4, 8}));
  const std::int64_t first = GENERATE(0, 7);
  CHECK_THAT(student<rope>(x, first), is_rotated(x, first));
}

TEST_CASE("scores see only the distance", "[basic][rope][1pt]") {
  const Tensor q = random_normal({1, 1, 1, 8}), k = random_normal({1, 1, 1, 8});
  const auto product = [](const auto& a, const auto& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  const auto score = [&](std::int64_t at_q, std::int64_t at_k) {
    const Tensor a = student<rope>(q, at_q), b = student<rope>(k, at_k);
    REQUIRE(a.shape() == q.shape());
    REQUIRE(b.shape() == k.shape());
    return product(a.row(0, 0, 0), b.row(0, 0, 0));
  };
  const Tensor64 turned = rotated(q, 3), fixed = to_double(k);
  const double expected = product(turned.row(0, 0, 0), fixed.row(0, 0, 0));
  CHECK_THAT(score(5, 2), matches(expected, rounding(64, 8)));
  CHECK_THAT(score(105, 102), matches(expected, rounding(64, 8)));
}

TEST_CASE("a token leaves a latent and a rope key", "[basic][compress][2pt]") {
  const LayerWeights weights = random_weights({});
  const Tensor x = random_normal({2, 5, 9});
  check_cache(student<compress>(x, weights, 0), x, weights, 0);
}

TEST_CASE("the cache goes on where it ended", "[basic][compress][1pt]") {
  const LayerWeights weights = random_weights({});
  const Tensor x = random_normal({2, GENERATE(3, 1), 9});
  check_cache(student<compress>(x, weights, 12), x, weights, 12);
}

TEST_CASE("queries go down, up, and turn at their end", "[basic][queries][3pt]") {
  const int heads = GENERATE(1, 3);
  const std::int64_t first = GENERATE(0, 6);
  const LayerWeights weights = random_weights({.heads = heads});
  const Tensor x = random_normal({2, 4, 9});
  CHECK_THAT(student<queries>(x, weights, heads, first), are_queries(x, weights, heads, first));
}

TEST_CASE("expanded: keys and values from latents", "[basic][expanded_attention][3pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{6, 6}, {1, 9}, {3, 7}}));
  const Inputs in = random_inputs({.batch = 2, .heads = 3, .q_len = q_len, .kv_len = kv_len});
  CHECK_THAT(student<expanded_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
}

TEST_CASE("expanded holds keys and values of one head", "[basic][expanded_attention][2pt]") {
  const Inputs in = random_inputs(
      {.heads = 192, .q_len = 1, .kv_len = 512, .head_dim = 16, .rope_dim = 4, .value_dim = 16, .kv_rank = 8});
  const Tensor got = student<expanded_attention>(in.q, in.cache, in.w_uk, in.w_uv);
  REQUIRE(got.shape() == Shape{1, 192, 1, 16});
  UNSCOPED_INFO(kLastHead);
  CHECK_THAT(last_head(got), attends(last_head(in)));
  CHECK_THAT(evidence(), workspace_at_most(160 << 10,
                                           "keys and values of one head are 32 KiB each, a row of scores 2 KiB, and "
                                           "matmul wants some; keys and values of all 192 heads are 12 MiB. The next "
                                           "head can use the same memory"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; the latents are 16 KiB");
}

TEST_CASE("expanded: a key is made once, for all queries", "[basic][count][expanded_attention][2pt]") {
  const Inputs in = random_inputs(
      {.heads = 2, .q_len = 12, .kv_len = 12, .head_dim = 8, .rope_dim = 2, .value_dim = 6, .kv_rank = 256});
  CHECK_THAT(student<expanded_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
  for (const auto& [weights, name] : {std::pair{&in.w_uk, "w_uk"}, {&in.w_uv, "w_uv"}})
    CHECK_THAT(evidence(), reads_at_most(*weights, 4.0 * 12 * 4 * static_cast<double>(weights->size()),
                                         fmt::format("{}: once for each of 12 latents, and room for 3 times more. Keys "
                                                     "and values are made once for all queries",
                                                     name)));
  CHECK_THAT(evidence(),
             reads_at_most(in.q, 4.0 * 12 * 4 * static_cast<double>(in.q.size()),
                           "a query is read for each of 12 keys, and room for 3 times more. It never meets w_uk, which "
                           "has 256 rows: that is the absorbed form"));
}

TEST_CASE("absorbed: the same, straight from the latents", "[basic][absorbed_attention][4pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{1, 9}, {6, 6}, {3, 7}}));
  const Inputs in = random_inputs({.batch = 2, .heads = 3, .q_len = q_len, .kv_len = kv_len});
  CHECK_THAT(student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
}

TEST_CASE("head_dim and value_dim may be equal", "[basic][absorbed_attention][1pt]") {
  const Inputs in = random_inputs({.heads = 2, .q_len = 2, .kv_len = 5, .head_dim = 6, .value_dim = 6});
  CHECK_THAT(student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
}

TEST_CASE("absorbed makes no keys", "[basic][absorbed_attention][3pt]") {
  const Inputs in = random_inputs(
      {.heads = 4, .q_len = 1, .kv_len = 6144, .head_dim = 512, .rope_dim = 4, .value_dim = 512, .kv_rank = 8});
  const Tensor got = student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv);
  REQUIRE(got.shape() == Shape{1, 4, 1, 512});
  UNSCOPED_INFO(kLastHead);
  CHECK_THAT(last_head(got), is_decoded(last_head(in)));
  CHECK_THAT(evidence(),
             workspace_at_most(64 << 10,
                               "a row of scores is 24 KiB, the query among the latents 32 bytes, and matmul "
                               "wants some; keys of one head are 12 MiB, latents and rope keys side by "
                               "side 288 KiB. Multiply w_uk into the query: q (c w_uk)^T = (q w_uk^T) c^T"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; keys and values of one head would be 24 MiB");
}

TEST_CASE("absorbed: only queries meet the weights", "[basic][count][absorbed_attention][2pt]") {
  const Inputs in = random_inputs(
      {.heads = 2, .q_len = 2, .kv_len = 384, .head_dim = 24, .rope_dim = 2, .value_dim = 20, .kv_rank = 6});
  CHECK_THAT(student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
  const auto often = [](double bytes) { return [=](double read) { return read > bytes; }; };
  for (const auto& [weights, name] : {std::pair{&in.w_uk, "w_uk"}, {&in.w_uv, "w_uv"}}) {
    const double bytes = 4 * static_cast<double>(weights->size());
    CHECK_THAT(
        evidence(),
        reads_at_most(*weights, 4 * 2 * bytes,
                      fmt::format("{}: once for each of 2 queries, and room for 3 times more. {}", name,
                                  "The 384 latents never meet it"))
            .but_if(often(100 * bytes),
                    fmt::format("{} was read more than 100 times. Is a key or a value made of each latent?", name)));
  }
}

TEST_CASE("the layer, expanded and absorbed", "[basic][forward][3pt]") {
  const Form form = GENERATE(Form::expanded, Form::absorbed);
  const int heads = GENERATE(1, 3);
  const LayerWeights weights = random_weights({.heads = heads});
  const Tensor x = random_normal({2, 7, 9});
  CHECK_THAT(student<forward>(x, weights, heads, form), is_layer(x, weights, heads));
}

TEST_CASE("a latent is cached once, for all heads", "[basic][cache_bytes_per_token][2pt]") {
  const Scheme scheme = GENERATE(Scheme::multi_head, Scheme::grouped_query, Scheme::multi_query, Scheme::latent);
  const Model model{
      .layers = 3, .heads = 12, .kv_heads = 4, .head_dim = 10, .kv_rank = 21, .rope_dim = 6, .bytes_per_element = 4};
  CHECK_THAT(student<cache_bytes_per_token>(scheme, model), leaves_behind(scheme, model));
}

TEST_CASE("expanded pays for keys, absorbed for queries", "[basic][flops][2pt]") {
  const Form form = GENERATE(Form::expanded, Form::absorbed);
  const Problem problem{.q_len = 3, .kv_len = 11, .head_dim = 6, .value_dim = 5, .rope_dim = 4, .kv_rank = 13};
  CHECK_THAT(student<flops>(form, problem), costs(form, problem));
}
