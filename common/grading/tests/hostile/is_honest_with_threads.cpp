// Must get: passed
// No attack: what the library needs for threads and shared pointers is lent.
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  static std::once_flag first;
  std::call_once(first, [] {});
  std::shared_mutex mutex;
  std::condition_variable_any done;
  bool is_done = false;
  const auto result = std::make_shared<std::promise<Tensor>>();
  const auto other = std::async(std::launch::async, [&, result] {
    const std::scoped_lock lock(mutex);
    result->set_value(attack::right(x));
    is_done = true;
    done.notify_all();
  });
  std::shared_lock lock(mutex);
  done.wait(lock, [&] { return is_done; });
  return result->get_future().get();
}
