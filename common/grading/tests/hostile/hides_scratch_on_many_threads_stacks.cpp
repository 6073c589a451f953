// Must get: too_much_workspace
// A piece on the stack of each of many threads, none of which ends before the last has its own.
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  constexpr std::size_t kPiece = std::size_t{192} << 10, kThreads = attack::kScratch / kPiece;
  std::mutex mutex;
  std::condition_variable all;
  std::size_t ready = 0;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      char piece[kPiece];
      attack::fill(piece, kPiece);
      std::unique_lock lock(mutex);
      ++ready;
      all.notify_all();
      all.wait(lock, [&] { return ready == kThreads; });
    });
  for (std::thread& thread : threads) thread.join();
  return attack::right(x);
}
