#pragma once
/// Parts of a sequence: how many, what each gives, how they are merged; and bounds on what is loaded, with reasons.

#include "common/checker/launches.h"
#include "decodes.h"

namespace workbook::cuda_paged_decode {

struct Parts {
  Tensor out;  // [parts, batch, heads, head_dim]
  Tensor lse;  // [parts, batch, heads]
};

/// Parts whose log-sum-exps are around `level`; every third is empty if wanted.
inline Parts random_parts(std::int64_t parts, std::int64_t batch, std::int64_t heads, std::int64_t head_dim, bool empty,
                          float level = 0) {
  Parts p{random_normal({parts, batch, heads, head_dim}), random_normal({parts, batch, heads}, 2)};
  std::int64_t i = 0;
  for (float& x : p.lse.values()) x += level, ++i;
  if (empty)
    for (std::int64_t n = 0; n < parts; n += 3)
      for (std::int64_t b = 0; b < batch; ++b)
        for (std::int64_t h = 0; h < heads; ++h) {
          p.lse.at(n, b, h) = -kInfinity;
          std::ranges::fill(p.out.row(n, b, h), 0.f);
        }
  return p;
}

/// How parts are merged wrongly.
enum class Merging { right, mean, sum, by_the_log, not_divided, largest_only, first_only };

template <class Real>
Decoded<Real> merge(const Parts& p, Merging merging = Merging::right) {
  const std::int64_t parts = p.lse.dim(0), batch = p.lse.dim(1), heads = p.lse.dim(2), head_dim = p.out.dim(3);
  Decoded<Real> result{TensorOf<Real>({batch, heads, head_dim}), TensorOf<Real>({batch, heads}),
                       TensorOf<Real>({batch, heads})};
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t h = 0; h < heads; ++h) {
      Real max = -std::numeric_limits<Real>::infinity(), sum = 0;
      for (std::int64_t i = 0; i < parts; ++i) max = std::max(max, Real(p.lse.at(i, b, h)));
      const Real base = std::isinf(max) ? Real(0) : max;
      for (std::int64_t i = 0; i < parts; ++i) sum += std::exp(Real(p.lse.at(i, b, h)) - base);
      result.max.at(b, h) = max;
      result.lse.at(b, h) = base + std::log(sum);
      for (std::int64_t i = 0; i < parts; ++i) {
        const Real lse = Real(p.lse.at(i, b, h));
        Real weight = sum == 0 ? Real(0) : std::exp(lse - base) / sum;
        if (merging == Merging::mean) weight = Real(1) / Real(parts);
        if (merging == Merging::sum) weight = 1;
        if (merging == Merging::by_the_log) weight = std::isinf(lse) ? Real(0) : lse;
        if (merging == Merging::not_divided) weight *= sum;
        if (merging == Merging::largest_only) weight = lse == max;
        if (merging == Merging::first_only) weight = i == 0;
        for (std::int64_t c = 0; c < head_dim; ++c) result.out.at(b, h, c) += weight * Real(p.out.at(i, b, h, c));
      }
    }
  return result;
}

inline Result merged(const Parts& p) {
  const std::int64_t batch = p.lse.dim(1), heads = p.lse.dim(2);
  Result result{Tensor({batch, heads, p.out.dim(3)}), Tensor({batch, heads})};
  student<merge_parts>(p.out, p.lse, result.out, result.lse, {});
  return result;
}

inline void check_merged(const Result& got, const Parts& p) {
  const Decoded<double> exact = merge<double>(p);
  const Decoded<float> in_float = merge<float>(p);
  const auto by = [p](Merging merging) { return [p, merging] { return merge<double>(p, merging).out; }; };
  CHECK_THAT(
      got.out,
      matches(exact.out, of_float(in_float.out, exact.out))
          .but_not([p] { return Tensor64(merge<double>(p).out.shape()); },
                   "all are 0: exp(lse_i) is so small that a float has lost it. Take the largest lse_i off first")
          .but_not(by(Merging::mean),
                   "this is the mean of the parts, whatever their sums of weights are: part i "
                   "counts exp(lse_i - lse)")
          .but_not(by(Merging::sum), "the parts' results were added up: part i counts exp(lse_i - lse)")
          .but_not(by(Merging::not_divided),
                   "part i counts exp(lse_i - max), and these do not add up to 1: divide by their sum")
          .but_not(by(Merging::by_the_log), "part i counts exp(lse_i - lse), and not lse_i itself")
          .but_not(by(Merging::largest_only), "only the part with the largest log-sum-exp counts")
          .but_not(by(Merging::first_only), "only the first part counts")
          .but_if(has_nan,
                  "there are NaNs. Is -inf - (-inf) computed where every part is empty, is exp(lse_i) "
                  "too large for a float, or is 0 divided by 0?"));
  Tolerance tolerance = of_float(in_float.lse, exact.lse);
  tolerance.absolute += 1e-6;
  const auto lse = [exact](auto change) {
    return [exact, change] {
      Tensor64 wrong = exact.lse;
      for (std::int64_t i = 0; i < wrong.size(); ++i)
        if (std::isfinite(wrong.values()[i])) wrong.values()[i] = change(wrong.values()[i], exact.max.values()[i]);
      return wrong;
    };
  };
  const auto empty = [exact](double value) {
    return [exact, value] {
      Tensor64 wrong = exact.lse;
      for (double& x : wrong.values()) x = std::isinf(x) ? value : x;
      return wrong;
    };
  };
  CHECK_THAT(
      got.lse,
      matches(exact.lse, tolerance)
          .but_not(lse([](double x, double max) { return x - max; }),
                   "this is log(sum): the maximum, which was taken off, is owed again")
          .but_not(lse([](double, double max) { return max; }), "this is the largest of the log-sum-exps")
          .but_not(lse([](double x, double) { return std::exp(x); }), "this is the sum: its logarithm is missing")
          .but_not(empty(std::nan("")), "NaN where every part is empty: -inf - (-inf) is NaN")
          .but_not(empty(0), "0 where every part is empty: the logarithm of an empty sum is -inf"));
}

/// The pages of part i of n.
inline Reading reading_of_part(int parts, int i) {
  return {.part = [=](int pages) { return std::pair{first_page(pages, parts, i), first_page(pages, parts, i + 1)}; }};
}

/// Parts of one number of pages, rounded up or down, as part i has them.
inline Suspects equal_parts(int parts, int i) {
  const auto of = [=](auto each) {
    return Reading{.part = [=](int pages) {
      return std::pair{std::min(pages, i * each(pages)), std::min(pages, (i + 1) * each(pages))};
    }};
  };
  const std::string rule = ": part i begins with first_page(pages, parts, i), so that parts differ by one page at most";
  return {{of([=](int pages) { return (pages + parts - 1) / parts; }),
           "every part has pages / parts pages, rounded up, and the last parts have fewer, or none" + rule},
          {of([=](int pages) { return pages / parts; }),
           "every part has pages / parts pages, rounded down, and nobody has the last ones" + rule}};
}

/// What part i of the call must have left: [batch, heads, head_dim] and [batch, heads].
inline Result part_of(const SplitResult& got, std::int64_t i) {
  const auto slice = [i](const Tensor& x, const Shape& shape) {
    REQUIRE(x.size() >= (i + 1) * shape.size());
    return Tensor(shape, std::span<const float>(&x.values()[i * shape.size()], static_cast<std::size_t>(shape.size())));
  };
  return {slice(got.part_out, got.merged.out.shape()), slice(got.part_lse, got.merged.lse.shape())};
}

/// Checks split_count, which has a closed form.
inline void check_split_count(int batch, int kv_heads, int length, int multiprocessors) {
  const std::int64_t blocks = std::int64_t{batch} * kv_heads, pages = pages_of(length), most = kMaxParts;
  const std::int64_t room = std::int64_t{kBlocksPerMultiprocessor} * multiprocessors;
  const auto limited = [=](std::int64_t fitting, std::int64_t sensible) {
    return std::max<std::int64_t>(1, std::min({fitting, sensible, most}));
  };
  const std::int64_t right = limited(room / blocks, pages / kMinPages);
  const auto in_int = [](std::int64_t x) { return std::int64_t{static_cast<std::int32_t>(x)}; };
  const std::int64_t int_blocks = in_int(blocks) == 0 ? 1 : in_int(blocks);
  CHECK_THAT(
      student<split_count>(batch, kv_heads, length, multiprocessors),
      is_count(right)
          .but_not(limited(room / int_blocks, pages / kMinPages),
                   "batch * kv_heads is computed in int, which is too "
                   "small for it here")
          .but_not(limited(in_int(room) / blocks, pages / kMinPages),
                   "kBlocksPerMultiprocessor * multiprocessors is "
                   "computed in int, which is too small for it here")
          .but_not(limited((room + blocks - 1) / blocks, pages / kMinPages),
                   "rounded up: then there are more blocks than fit at once, and the last of them wait for a second "
                   "turn")
          .but_not(limited(room / blocks, most),
                   "a part has fewer than kMinPages pages: then merging costs as much as it saves")
          .but_not(limited(room / blocks, (pages + kMinPages - 1) / kMinPages),
                   "the pages of a sequence are divided by kMinPages and rounded up: then a part has fewer")
          .but_not(limited(room / blocks, length / kPageTokens / kMinPages),
                   "the last page, which is not full, is a page, too")
          .but_not(limited(room / blocks, length / kMinPages),
                   "tokens are counted as pages: a page has kPageTokens of them")
          .but_not(limited(multiprocessors / blocks, pages / kMinPages),
                   "one block for each multiprocessor: there is room for kBlocksPerMultiprocessor")
          .but_not(limited(room / batch, pages / kMinPages), "each KV head of a sequence has blocks of its own")
          .but_not(limited(room / kv_heads, pages / kMinPages), "each sequence of the batch has blocks of its own")
          .but_not(limited(room, pages / kMinPages), "the blocks that there are without splitting are not counted")
          .but_not(std::max<std::int64_t>(1, std::min(room / blocks, pages / kMinPages)), "there are at most kMaxParts")
          .but_not(std::min({room / blocks, pages / kMinPages, most}), "there is at least one part"));
}

inline std::string kib(double bytes) { return size_text(static_cast<std::uint64_t>(bytes)); }

/// A launch of so many blocks or more.
inline DeviceGate blocks_at_least(std::int64_t blocks, const std::string& why) {
  return {"blocks that are missing in the largest grid",
          [blocks](const CudaEvidence& e) {
            double most = 0;
            for (const CudaLaunch& l : e.launches) most = std::max(most, 1. * l.grid[0] * l.grid[1] * l.grid[2]);
            return static_cast<double>(blocks) - most;
          },
          0, why};
}

/// Bytes of the keys and values that there are, each once.
inline double kv_bytes(const Batch& b, double element_bytes) {
  double rows = 0;
  for (const std::int32_t length : b.lengths.values()) rows += length;
  return rows * 2 * static_cast<double>(b.kv_heads() * b.head_dim()) * element_bytes;
}

/// Bytes that `parts` blocks for each sequence and KV head load: keys and values once in all; in every block its
/// queries, and each thread the length; and each thread the number of each page.
inline double expected_loads(const Batch& b, double element_bytes, double parts = 1) {
  double bytes = kv_bytes(b, element_bytes);
  for (const std::int32_t length : b.lengths.values())
    bytes += static_cast<double>(b.kv_heads()) *
             (pages_of(length) * 4. * kThreads +
              parts * (4. * kThreads + static_cast<double>(b.n_rep() * b.head_dim()) * element_bytes));
  return bytes;
}

/// Checks what the last call has loaded: at most 2 % more than expected. `merging` are the bytes of a second launch.
inline void check_loads(const Batch& b, double element_bytes, double parts = 1, double merging = 0) {
  const double kv = kv_bytes(b, element_bytes), due = expected_loads(b, element_bytes, parts) + merging;
  const double loaded = static_cast<double>(device().loads().bytes);
  std::string why = fmt::format(
      "a block loads each of its keys and values once ({} in all), its queries, and in each "
      "thread the length and the numbers of pages; 2 % more is allowed",
      kib(kv));
  if (merging > 0) why += fmt::format("; and merging loads each part's output and log-sum-exp once ({})", kib(merging));
  double whole = 0;
  for (const std::int32_t length : b.lengths.values()) whole += pages_of(length) * kPageTokens;
  whole *= 2 * static_cast<double>(b.kv_heads() * b.head_dim()) * element_bytes;
  const auto near = [&](double bytes) { return bytes > kv && std::abs(loaded - (due - kv) - bytes) < 0.005 * loaded; };
  if (near(kv * static_cast<double>(b.n_rep())))
    why += fmt::format(
        ". About as much is loaded if each of the {} query heads of a group loads keys and values for "
        "itself: they share them",
        b.n_rep());
  else if (near(whole))
    why += ". About as much is loaded if all 16 slots of a sequence's last page are, also those without a token";
  else if (near(kv / 2 * (1 + static_cast<double>(b.n_rep()))))
    why += ". About as much is loaded if either keys or values are loaded again for each query head of a group";
  CHECK_THAT(device(), loads_within(kv, 1.02 * due, why));
}

}  // namespace workbook::cuda_paged_decode
