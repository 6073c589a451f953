#pragma once
/// What every form of attention meets once: heads of any width, weights of any size, a call after another one.

#include <fmt/format.h>

#include "attends.h"

namespace workbook::linear_attention {

/// Whether Form is f; their types may differ.
template <auto Form, auto f>
inline constexpr bool is_form =
    std::is_same_v<std::integral_constant<decltype(Form), Form>, std::integral_constant<decltype(f), f>>;

/// A form of attention, called. Chunks are of 4 positions.
template <auto Form>
Tensor attend_by(const Inputs& in, FeatureMap map) {
  if constexpr (is_form<Form, causal_chunked>)
    return student<Form>(in.q, in.k, in.v, {map, 4});
  else
    return student<Form>(in.q, in.k, in.v, map);
}

template <auto Form>
Formula formula_of(FeatureMap map) {
  return {.map = map, .values = is_form<Form, noncausal_attention> ? Counts(all_keys) : Counts(causal)};
}

/// The first `count` channels of every row; the others are zeros, or missing.
inline Tensor first_channels(const Tensor& x, std::int64_t count, bool others_are_zeros) {
  Tensor cut({x.dim(0), x.dim(1), x.dim(2), others_are_zeros ? x.dim(3) : count});
  for (std::int64_t i = 0; i < x.size(); ++i)
    if (const std::int64_t c = i % x.dim(3); c < count) cut.values()[i / x.dim(3) * cut.dim(3) + c] = x.values()[i];
  return cut;
}

/// Heads of any width: rows that an array of a fixed size does not hold.
template <auto Form>
void check_wide_heads() {
  const auto [head_dim, value_dim] = GENERATE(table<int, int>({{300, 5}, {1, 270}, {1100, 1}}));
  const FeatureMap map = head_dim == 300 ? FeatureMap::softmax : FeatureMap::elu_plus_one;
  const Inputs in =
      random_inputs({.batch = 2, .heads = 2, .q_len = 6, .kv_len = 6, .head_dim = head_dim, .value_dim = value_dim});
  const Formula right = formula_of<Form>(map);
  Matches matcher = attends(in, right);
  for (const std::int64_t room : {64, 128, 160, 256, 512, 1024}) {
    if (room < in.q.dim(3)) {
      const Inputs cut{first_channels(in.q, room, false), first_channels(in.k, room, false), in.v};
      std::move(matcher).but_not(
          [=] { return attention<double>(cut, right); },
          fmt::format("only the first {} channels of queries and keys count: head_dim is {}", room, in.q.dim(3)));
    }
    if (room < in.v.dim(3)) {
      const Inputs cut{in.q, in.k, first_channels(in.v, room, true)};
      std::move(matcher).but_not(
          [=] { return attention<double>(cut, right); },
          fmt::format("only the first {} channels of the values count: value_dim is {}", room, in.v.dim(3)));
    }
  }
  CHECK_THAT(attend_by<Form>(in, map), std::move(matcher));
}

/// Weights of all sizes from 1e-9 down to 1e-32, a factor of 400 from query to query, and large ones in the last row.
inline Inputs tiny_weights() {
  Inputs in = random_inputs({.batch = 1, .heads = 2, .q_len = 11, .kv_len = 11, .head_dim = 5, .value_dim = 6});
  for (float& x : in.k.values()) x -= 21;
  for (std::int64_t h = 0; h < 2; ++h)
    for (std::int64_t i = 0; i < 11; ++i)
      for (float& x : in.q.row(0, h, i)) x += i == 10 ? 1e9F : -2.F - 5.F * static_cast<float>(i);
  return in;
}

/// Denominators of any size are denominators; only 0 is none.
template <auto Form>
void check_tiny_weights() {
  const Inputs in = tiny_weights();
  const Formula right = formula_of<Form>(FeatureMap::elu_plus_one);
  const auto with = changes(in, right);
  Matches matcher = is_attention(in, right);
  const std::string note = ": it is about 1e-9 for the first query here and 1e-30 for the last but one";
  for (const double size : {1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20, 1e-30}) {
    std::move(matcher)
        .but_not(with([=](Formula& f) { f.added = size; }),
                 fmt::format("about {:.0e} was added to the denominator{}. Nothing is: a denominator of 0 gives zeros",
                             size, note))
        .but_not(with([=](Formula& f) { f.ignored = size; }),
                 fmt::format("small denominators were taken for 0, as below {:.0e} or the like{}. Only a denominator "
                             "of 0 gives zeros",
                             size, note))
        .but_not(with([=](Formula& f) { f.least = size; }),
                 fmt::format("denominators below {:.0e} or so were replaced by that number{}", size, note));
  }
  CHECK_THAT(attend_by<Form>(in, FeatureMap::elu_plus_one), std::move(matcher));
  Inputs past = random_inputs({.batch = 1, .heads = 1, .q_len = 8, .kv_len = 8, .head_dim = 1, .value_dim = 3});
  std::ranges::fill(past.q.values(), -30.F);
  for (std::int64_t j = 0; j < 8; ++j) past.k.values()[j] = j == 0 ? 0.F : -90.F;
  CHECK_THAT(
      attend_by<Form>(past, FeatureMap::elu_plus_one),
      is_attention(past, right)
          .but_not(
              [=] {
                Tensor64 lost = attention<double>(past, right);
                for (std::int64_t e = 4 * 3; e < lost.size(); ++e) lost.values()[e] = 0;
                return lost;
              },
              "a query whose weights with the keys of its own chunk are all 0 was given zeros: keys of the chunks "
              "before weigh something here"));
  const Inputs least{Tensor({1, 1, 1, 1}, {-50}), Tensor({1, 1, 1, 1}, {-43}), Tensor({1, 1, 1, 3}, {1, -2, 3})};
  CHECK_THAT(
      attend_by<Form>(least, FeatureMap::elu_plus_one),
      matches(least.v, {0, 1e-3, "so small a float has few bits"})
          .but_if([](const Tensor64& got) { return !std::isfinite(got.at(0, 0, 0, 0)); },
                  "the denominator is 4e-41 here, and 1 by that is more than a float holds: is the result "
                  "multiplied by 1 / denominator? Divide by it")
          .but_not([=] { return Tensor64(least.v.shape()); }, "the denominator is 4e-41 here, and was taken for 0"));
  const Inputs none{plus(in.q, -2e9F), plus(in.k, -60), in.v};
  CHECK_THAT(!has_nan(to_double(attend_by<Form>(none, FeatureMap::elu_plus_one))),
             otherwise("NaN: these features are so small that their products, and with them the denominators, are 0 in "
                       "float. Such a query gives zeros"));
}

/// A call after another one with other numbers in the same shapes, and then in others.
template <auto Form>
void check_next_call() {
  const auto map = FeatureMap::elu_plus_one;
  const auto draw = [](std::int64_t len, std::int64_t head_dim) {
    return random_inputs({.batch = 1, .heads = 2, .q_len = len, .kv_len = len, .head_dim = head_dim, .value_dim = 3});
  };
  const Inputs before = draw(7, 4), in = draw(7, 4), other = draw(5, 6);
  const Formula right = formula_of<Form>(map);
  CHECK_THAT(attend_by<Form>(before, map), attends(before, right));
  Matches matcher = is_attention(in, right);
  struct Stale {
    Inputs in;
    std::string what;
  };
  for (const auto& [stale, what] : {Stale{before, "queries, keys and values"},
                                    {{in.q, before.k, before.v}, "keys and values"},
                                    {{before.q, in.k, in.v}, "queries"},
                                    {{in.q, before.k, in.v}, "keys"},
                                    {{in.q, in.k, before.v}, "values"},
                                    {{before.q, before.k, in.v}, "queries and keys"}})
    std::move(matcher).but_not([=] { return attention<double>(stale, right); },
                               "the " + what +
                                   " are those of the call before, which had the same shapes: a call "
                                   "keeps nothing for the next one");
  const auto after = [](const Tensor& a, const Tensor& b) {  // as heads of one sequence
    Tensor both({1, a.dim(1) + b.dim(1), a.dim(2), a.dim(3)});
    std::ranges::copy(b.values(), std::ranges::copy(a.values(), both.values().begin()).out);
    return both;
  };
  const Inputs both{after(before.q, in.q), after(before.k, in.k), after(before.v, in.v)};
  const auto remembers = [=](std::int64_t back) {
    return [=] {
      Formula f = right;
      f.oldest = [=](std::int64_t head) { return std::max<std::int64_t>(head - back, 0); };
      const Tensor64 all = attention<double>(both, f);
      return Tensor64({1, 2, 7, 3}, all.values().last(static_cast<std::size_t>(2 * 7 * 3)));
    };
  };
  std::move(matcher).but_not(remembers(3), "the state still holds the keys of the call before: it begins with zeros");
  std::move(matcher).but_not(
      [=] {
        Formula f = right;
        f.oldest = [](std::int64_t head) { return head == 2 ? std::int64_t{1} : head; };
        const Tensor64 all = attention<double>(both, f);
        return Tensor64({1, 2, 7, 3}, all.values().last(static_cast<std::size_t>(2 * 7 * 3)));
      },
      "the first head still remembers the keys of the call before: the state of a call begins with zeros");
  CHECK_THAT(attend_by<Form>(in, map), std::move(matcher));
  CHECK_THAT(attend_by<Form>(other, map), attends(other, right));
}

/// Reads of keys and values: what is summed up once is read once, though for each channel that it meets.
template <auto Form>
void check_reads(double times) {
  const Inputs in = random_inputs({.q_len = 640, .kv_len = 640, .head_dim = 4, .value_dim = 4});
  const Tensor got = attend_by<Form>(in, FeatureMap::elu_plus_one);
  CHECK_THAT(got, is_attention(in, formula_of<Form>(FeatureMap::elu_plus_one)));
  const double bytes = 4 * static_cast<double>(in.k.size());
  const std::string why = fmt::format(
      "{} times the tensor. A key is added to a state once and, in chunks, meets the queries of its chunk; a row may "
      "be "
      "read again for each channel. The sums are never taken again from the first key on",
      times);
  const auto often = [=](double read) { return read > 40 * bytes; };
  const std::string sentence = "so often only if keys of the past are read again and again. Are sums taken anew?";
  CHECK_THAT(evidence(), reads_at_most(in.k, times * bytes, why).but_if(often, sentence));
  CHECK_THAT(evidence(), reads_at_most(in.v, times * bytes, why).but_if(often, sentence));
}

}  // namespace workbook::linear_attention
