#pragma once
/// What both forms of attention meet once: wide heads, many keys, scores of any size, a call after another one.

#include <fmt/format.h>

#include "attends.h"

namespace workbook::latent_attention {

template <auto Form>
Tensor attend_by(const Inputs& in) {
  return student<Form>(in.q, in.cache, in.w_uk, in.w_uv);
}

/// x whose channels in [first, end) of every `width` are zeros.
inline Tensor without_channels(Tensor x, std::int64_t width, std::int64_t first, std::int64_t end) {
  for (std::int64_t i = 0; i < x.size(); ++i)
    if (i % width >= first && i % width < end) x.values()[i] = 0;
  return x;
}

/// Only so much of an extent counts as an array of a fixed size holds.
inline Matches but_not_cut(Matches matcher, const Inputs& in, const Sizes& sizes) {
  for (const std::int64_t room : {64, 128, 256, 512, 1024, 4096}) {
    const auto cut = [&](std::int64_t extent, const std::string& name, auto change) {
      if (room >= extent) return;
      Inputs less = in;
      change(less);
      std::move(matcher).but_not([=] { return attention<double>(less); },
                                 fmt::format("only the first {} of {} count: {} is {}", room, name, name, extent));
    };
    const std::int64_t width = sizes.head_dim + sizes.rope_dim;
    cut(sizes.head_dim, "head_dim",
        [&](Inputs& less) { less.q = without_channels(in.q, width, room, sizes.head_dim); });
    cut(sizes.rope_dim, "rope_dim",
        [&](Inputs& less) { less.q = without_channels(in.q, width, sizes.head_dim + room, width); });
    cut(sizes.value_dim, "value_dim",
        [&](Inputs& less) { less.w_uv = without_channels(in.w_uv, sizes.value_dim, room, sizes.value_dim); });
    cut(sizes.kv_rank, "kv_rank", [&](Inputs& less) {
      less.cache.latent = without_channels(in.cache.latent, sizes.kv_rank, room, sizes.kv_rank);
    });
    if (room < sizes.kv_len)
      std::move(matcher)
          .but_not([=] { return attention<double>(in, {.visible = [=](auto, auto j) { return j < room; }}); },
                   fmt::format("only the first {} keys count: kv_len is {}", room, sizes.kv_len))
          .but_not([=] { return attention<double>(in, {.values_end = room}); },
                   fmt::format("only the first {} keys have a value, and kv_len is {}", room, sizes.kv_len));
  }
  return matcher;
}

/// More keys, channels and latents than an array of a fixed size holds.
template <auto Form>
void check_large_extents() {
  const Sizes sizes =
      GENERATE(Sizes{.q_len = 2, .kv_len = 3, .head_dim = 300, .rope_dim = 270, .value_dim = 290, .kv_rank = 530},
               Sizes{.q_len = 2, .kv_len = 4200, .head_dim = 2, .rope_dim = 2, .value_dim = 3, .kv_rank = 2});
  const Inputs in = random_inputs(sizes);
  const Tensor64 right = attention<double>(in);
  CHECK_THAT(attend_by<Form>(in),
             matches(right, oracle::lost_in_float(attention<float>(in), right)).knowing([=](Matches matcher) {
               return but_not_cut(matcher, in, sizes);
             }));
}

/// All scores of a row alike, and as large as `score`: it sees the average of its values.
inline Inputs equal_scores(float score, std::int64_t q_len, std::int64_t kv_len) {
  Inputs in = random_inputs({.batch = 2, .heads = 2, .q_len = q_len, .kv_len = kv_len});
  std::ranges::fill(in.q.values(), 0.F);
  std::ranges::fill(in.cache.rope_key.values(), 0.F);
  for (std::int64_t i = 6; i < in.q.size(); i += 10) in.q.values()[i] = score / 1e3F;
  for (std::int64_t i = 0; i < in.cache.rope_key.size(); i += 4) in.cache.rope_key.values()[i] = 4e3F;
  return in;
}

template <auto Form>
void check_equal_scores() {
  const float score = GENERATE(-2e4F, -2e10F, -2e32F, 2e32F);
  const Inputs in = equal_scores(score, 4, 6);
  CHECK_THAT(attend_by<Form>(in), attends(in));
}

/// A score of 300 and more that only the last query sees.
template <auto Form>
void check_later_key() {
  Inputs in = random_inputs({.heads = 2, .q_len = 6, .kv_len = 6});
  in.cache.rope_key.at(0, 5, 0) = 1e3F;
  for (std::int64_t i = 6; i < in.q.size(); i += 10) in.q.values()[i] = 1 + std::abs(in.q.values()[i]);
  CHECK_THAT(attend_by<Form>(in), attends(in));
}

/// One key that is seen has weight 1. With a kv_rank of 1 its value is one product.
template <auto Form>
void check_one_key() {
  const Inputs in = random_inputs({.batch = 2, .heads = 3, .kv_rank = 1});
  const auto with = changes_of(Formula(), [=](const Formula& f) { return attention<double>(in, f); });
  Matches matcher = matches(attention<double>(in),
                            Tolerance{0, kUnitRoundoff, "its weight is exactly 1, and its value one rounded product"});
  for (const double added : {1e-3, 1e-4, 1e-5, 1e-6})
    std::move(matcher).but_not(with([=](Formula& f) { f.added = added; }),
                               fmt::format("about {:.0e} was added to the sum of the exponentials: it is at least 1 "
                                           "when the largest score is taken off, so nothing needs to be added",
                                           added));
  CHECK_THAT(attend_by<Form>(in), std::move(matcher));
}

/// A query may see no key, and there may be none at all.
template <auto Form>
void check_no_keys() {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {3, 0}}));
  const Inputs in = random_inputs({.heads = 2, .q_len = q_len, .kv_len = kv_len});
  CHECK_THAT(attend_by<Form>(in), attends(in));
}

/// A call after another one with other numbers in the same shapes, and then in others.
template <auto Form>
void check_next_call() {
  const Sizes sizes = GENERATE(Sizes{.q_len = 1, .kv_len = 6}, Sizes{.batch = 2, .heads = 2, .q_len = 4, .kv_len = 6});
  const Inputs before = random_inputs(sizes), in = random_inputs(sizes);
  attend_by<Form>(before);
  const Tensor64 right = attention<double>(in);
  Matches matcher = matches(right, oracle::lost_in_float(attention<float>(in), right));
  Inputs old_content = in;  // the query's part that meets w_uk, and w_uk
  old_content.w_uk = before.w_uk;
  for (std::int64_t i = 0; i < in.q.size(); ++i)
    if (i % in.q.dim(3) < in.head_dim()) old_content.q.values()[i] = before.q.values()[i];
  struct Stale {
    Inputs in;
    std::string what;
  };
  const LatentCache old_latents{before.cache.latent, in.cache.rope_key},
      old_rope_keys{in.cache.latent, before.cache.rope_key};
  for (const auto& [stale, what] : {Stale{before, "result is that"},
                                    {{in.q, in.cache, before.w_uk, before.w_uv}, "weights w_uk and w_uv are those"},
                                    {{in.q, in.cache, before.w_uk, in.w_uv}, "weights w_uk are those"},
                                    {{in.q, in.cache, in.w_uk, before.w_uv}, "weights w_uv are those"},
                                    {{before.q, in.cache, in.w_uk, in.w_uv}, "queries are those"},
                                    {old_content, "queries times w_uk are those"},
                                    {{in.q, before.cache, in.w_uk, in.w_uv}, "latents and rope keys are those"},
                                    {{in.q, old_latents, in.w_uk, in.w_uv}, "latents are those"},
                                    {{in.q, old_rope_keys, in.w_uk, in.w_uv}, "rope keys are those"},
                                    {{in.q, before.cache, before.w_uk, before.w_uv}, "keys and values are those"}})
    std::move(matcher).but_not([=] { return attention<double>(stale); },
                               "the " + what +
                                   " of the call before, which had the same shapes: a call keeps nothing "
                                   "for the next one");
  CHECK_THAT(attend_by<Form>(in), std::move(matcher));
  const Inputs other = random_inputs({.heads = 3, .q_len = 2, .kv_len = 9, .head_dim = 4, .kv_rank = 3});
  CHECK_THAT(attend_by<Form>(other), attends(other));
}

}  // namespace workbook::latent_attention
