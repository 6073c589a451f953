#pragma once
/// Bounds on what a kernel moves and multiplies, with the reason for each; and how precise a result is.

#include "common/checker/launches.h"
#include "tensor_cores.h"

namespace workbook::cuda_tensor_cores {

/// Sums over the blocks of one head: f(first query, keys that the last query sees).
template <class F>
double sum_of_blocks(const Problem& p, F f) {
  double sum = 0;
  for (int first = 0; first < p.q_len; first += kTile) {
    const int last = std::min(first + kTile, p.q_len) - 1;
    sum += f(first, p.mask == Mask::causal ? std::max(0, last + 1 + p.kv_len - p.q_len) : p.kv_len);
  }
  return sum;
}

/// FLOPs of both products of the tiles that blocks visit.
inline double expected_flop(const Problem& p) {
  return 4. * kTile * p.head_dim * p.batch * p.heads *
         sum_of_blocks(p, [](int, int keys) { return (keys + kTile - 1) / kTile * kTile; });
}

/// Checks the FLOPs of matrix instructions. Both bounds are the same number.
inline void check_flop(const Problem& p) {
  const auto measure = [](const CudaEvidence& e) {
    double sum = 0;
    for (const CudaLaunch& launch : e.launches) sum += static_cast<double>(launch.operations.matrix_flop);
    return sum;
  };
  const double flop = expected_flop(p);
  Problem whole = p;
  whole.mask = Mask::none;
  std::string why = fmt::format("4 * {} * {} * head_dim for each of the tiles that its block visits", kTile, kTile);
  const double found = measure(device());
  if (found == expected_flop(whole) && p.mask == Mask::causal)
    why += ". These are the FLOPs of all tiles: the walk ends after the last query's last key";
  else if (found == flop / 2)
    why += ". These are the FLOPs of one of the two products";
  else if (found == flop * ((p.head_dim + 63) / 64 * 64) / p.head_dim)
    why += fmt::format(". These are the FLOPs of head_dim {}", (p.head_dim + 63) / 64 * 64);
  else if (found == 0)
    why += ". No matrix instruction was used at all";
  CHECK_THAT(device(), DeviceGate("FLOPs of matrix instructions", measure, flop, why, flop));
}

inline std::string kib(double bytes) { return size_text(static_cast<std::uint64_t>(bytes)); }

/// Bytes of keys and values that blocks load.
inline double expected_kv_bytes(const Problem& p) {
  return 4. * p.head_dim * p.batch * p.heads * sum_of_blocks(p, [](int, int keys) { return keys; });
}

/// Checks what is loaded, stored and launched: all of it to a twentieth.
inline void check_traffic(const Problem& p) {
  const double queries = 2. * p.batch * p.heads * p.q_len * p.head_dim, kv = expected_kv_bytes(p);
  CHECK_THAT(device(),
             loads_within(kv, 1.05 * (queries + kv),
                          fmt::format("each block loads its queries once ({} in all) and the keys and values that its "
                                      "last query sees ({}); a twentieth more is allowed",
                                      kib(queries), kib(kv))));
  const double outputs = p.batch * p.heads * p.q_len * (2. * p.head_dim + 4);
  CHECK_THAT(device(), stores_at_most(outputs, "the output and its log-sum-exps are stored once, and nothing else"));
  CHECK_THAT(device(), launches_once(device(), "tiles, softmax and weighted sum are steps of one kernel"));
  CHECK_THAT(device(), device_memory_at_most(0, "scores and weights live in registers and shared memory"));
  CHECK_THAT(device(), load_sectors_at_most(1.05,
                                            "rows of a tile lie one after the other in memory: neighbours in the "
                                            "block take neighbouring chunks of 16 bytes"));
}

/// Checks that all keys and values come by asynchronous copies, and that the copies of a tile are under way while the
/// tile before it is multiplied. Each pair of bounds is one number.
inline void check_overlap(const Problem& p) {
  const auto sum = [](std::uint64_t CudaOperations::*count) {
    return [count](const CudaEvidence& e) {
      double all = 0;
      for (const CudaLaunch& launch : e.launches) all += static_cast<double>(launch.operations.*count);
      return all;
    };
  };
  const double kv = expected_kv_bytes(p);
  CHECK_THAT(device(), DeviceGate("bytes that asynchronous copies read", sum(&CudaOperations::async_bytes), kv,
                                  "all keys and values that a block visits come by ptx::cp_async, once", kv));
  const double last_tiles = 4. * kTile * kTile * p.head_dim * p.batch * p.heads *
                            sum_of_blocks(p, [](int, int keys) { return keys > 0 ? 1 : 0; });
  const double flop = expected_flop(p) - last_tiles;
  CHECK_THAT(device(),
             DeviceGate("FLOPs of warps with a copy under way", sum(&CudaOperations::overlapped_flop), flop,
                        "the next tile travels while this one is multiplied, so every tile of a block but the last is "
                        "multiplied with copies under way. cp_async_wait<0> waits for the next tile, too",
                        flop));
}

/// Checks that shared memory is used without bank conflicts.
inline void check_banks() {
  CHECK_THAT(device(), bank_conflicts_at_most(
                           1,
                           "ldmatrix reads one chunk of 16 bytes from each of 8 rows at once: the rows must have it "
                           "in 8 different places. Does every access to a tile go through the swizzle?"));
}

/// Root of the mean square of an error, relative to that of the right result.
inline double relative_error(const Tensor64& got, const Tensor64& right) {
  double error = 0, size = 0;
  for (std::int64_t i = 0; i < right.size(); ++i) {
    error += std::pow(got.values()[i] - right.values()[i], 2);
    size += std::pow(right.values()[i], 2);
  }
  return std::sqrt(error / size);
}

/// Attention in five kernels that keep scores, weights and result in T, with sums in float: the error to compare with.
template <class T>
Tensor64 unfused(const Inputs& in, Mask mask) {
  const auto round = [](Tensor64 x) {
    for (double& value : x.values())
      if (std::isfinite(value)) value = static_cast<double>(T(static_cast<float>(value)));
    return x;
  };
  const Tensor64 weights =
      round(oracle::softmax(round(oracle::attention_scores(in.q, in.k, formula(in, mask).visible))));
  const std::int64_t n_rep = in.q.dim(1) / in.k.dim(1);
  Tensor64 out(in.q.shape());
  for (std::int64_t b = 0; b < out.dim(0); ++b)
    for (std::int64_t h = 0; h < out.dim(1); ++h)
      for (std::int64_t i = 0; i < out.dim(2); ++i)
        for (std::int64_t j = 0; j < in.kv_len(); ++j)
          for (std::int64_t d = 0; d < out.dim(3); ++d)
            out.at(b, h, i, d) += weights.at(b, h, i, j) * double{in.v.at(b, h / n_rep, j, d)};
  return round(out);
}

/// Checks the error against double, number by number and as a whole, and against the unfused way.
template <class T>
void check_precision(const Tensor& got, const Inputs& in, Mask mask) {
  const Tensor64 right = oracle::attention(in.q, in.k, in.v, formula(in, mask));
  const auto nearly = [right](const Tensor64& x) { return relative_error(x, right) < 0.02; };
  CHECK_THAT(got,
             matches_attention(in, formula(in, mask))
                 .but_if(nearly,
                         "every number is nearly right: is something rounded to 16 bits besides the weights, once, "
                         "and the result, once, at the end? Sums are floats"));
  REQUIRE(got.shape() == right.shape());
  const double error = relative_error(to_double(got), right), other = relative_error(unfused<T>(in, mask), right);
  const double bound = std::min(std::is_same_v<T, float16> ? 1e-3 : 5e-3, 2 * other);
  CHECK_THAT(error <= bound,
             otherwise(fmt::format("the error is {:.2g} of the result, root mean square; expected at most {:.2g}. What "
                                   "is rounded to 16 bits but the weights, once, and the result, once, at the end?",
                                   error, bound)));
  remark(fmt::format("relative error {:.2g}; unfused in the same type {:.2g}", error, other));
}

}  // namespace workbook::cuda_tensor_cores
