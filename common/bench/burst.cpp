#include "common/bench/burst.h"

#include <chrono>

#include "common/bench/parallel.h"

namespace workbook::bench {

namespace {

using Clock = std::chrono::steady_clock;

#ifdef __AVX512F__
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif
constexpr int kAccumulators = 12;  // hide an FMA's latency, 4 cycles at 2 a cycle, and fit 16 registers
typedef float Vector __attribute__((vector_size(4 * kLanes)));

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Multiplies and adds for so many rounds; the result keeps the compiler from dropping them. Twelve variables and no
/// array, which would be kept in memory; each starts with another value, so that none is computed for another.
float multiply_add(std::int64_t rounds) {
  Vector factor, term;
  for (int lane = 0; lane < kLanes; ++lane) factor[lane] = 0.999f, term[lane] = 1e-3f;
  Vector a = term, b = a + term, c = b + term, d = c + term, e = d + term, f = e + term, g = f + term, h = g + term,
         i = h + term, j = i + term, k = j + term, l = k + term;
  const auto step = [&](Vector & sum) __attribute__((always_inline)) { sum = sum * factor + term; };
  for (std::int64_t round = 0; round < rounds; ++round) {
    step(a), step(b), step(c), step(d), step(e), step(f);
    step(g), step(h), step(i), step(j), step(k), step(l);
  }
  return (a + b + c + d + e + f + g + h + i + j + k + l)[0];
}

std::vector<std::uint64_t>& buffer() {
  static std::vector<std::uint64_t> all((std::size_t{256} << 20) / sizeof(std::uint64_t), 1);
  return all;
}

std::uint64_t read(std::int64_t first, std::int64_t last) {
  std::uint64_t sums[8] = {};
  const std::uint64_t* at = buffer().data();
  for (std::int64_t i = first; i + 8 <= last; i += 8)
    for (int j = 0; j < 8; ++j) sums[j] += at[i + j];
  std::uint64_t all = 0;
  for (const std::uint64_t sum : sums) all += sum;
  return all;
}

/// Seconds that body(part) takes on all threads, from the first start to the last end.
template <class Body>
double timed(int threads, const Body& body) {
  const auto start = Clock::now();
  in_parallel(threads, body);
  return seconds_since(start);
}

volatile double sink;  // what is computed is used

}  // namespace

double burst(attention_layer::Ceiling ceiling, int threads) {
  if (ceiling == attention_layer::Ceiling::bandwidth) {
    const auto words = static_cast<std::int64_t>(buffer().size());
    const double seconds = timed(threads, [&](std::int64_t part) {
      const Range mine = share(words, threads, part);
      sink = static_cast<double>(read(mine.first, mine.last));
    });
    return 8.0 * static_cast<double>(words) / seconds;
  }
  constexpr std::int64_t kRounds = 1 << 20;
  const double seconds = timed(threads, [](std::int64_t) { sink = multiply_add(kRounds); });
  return 2.0 * kLanes * kAccumulators * kRounds * threads / seconds;
}

}  // namespace workbook::bench
