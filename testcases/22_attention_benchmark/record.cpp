// Records the series of recorded.h. It is no test; run it by hand:
//
//     g++ -O2 -std=c++20 record.cpp -o record && taskset -c 1 ./record
//
// Each series times the same 60 calls of a fixed loop over 2 MiB of floats, in microseconds:
//   cold     from the very first call on: the memory is new
//   quiet    from the third call on
//   growing  call i works on (1 + 0.004 i) times as many elements: a real drift
//
// In recorded.h, cold, quiet and growing come from a core that the program had for itself (chrt -f 99). `shared` is
// `quiet` once more, while a compiler ran on the same core.

#include <chrono>
#include <cstdio>
#include <memory>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void work(float* x, int n) {
  for (int i = 0; i < n; ++i) x[i] = x[i] * 0.5f + 1.f / (1.f + static_cast<float>(i));
  asm volatile("" : : "r"(x) : "memory");
}

void record(const char* name, int skip, double growth) {
  constexpr int kElements = 1 << 19, kRuns = 60;
  const std::unique_ptr<float[]> x(new float[4 * kElements]);  // not touched yet
  std::printf("%s\n", name);
  for (int i = 0; i < kRuns + skip; ++i) {
    const int n = static_cast<int>(kElements * (1 + growth * i));
    const auto start = Clock::now();
    work(x.get(), n);
    const double taken = seconds_since(start);
    if (i >= skip) std::printf("%.1f%s", 1e6 * taken, i - skip == kRuns - 1 ? "\n" : ", ");
  }
}

}  // namespace

int main() {
  record("cold", 0, 0);
  record("quiet", 2, 0);
  record("growing", 2, 0.004);
}
