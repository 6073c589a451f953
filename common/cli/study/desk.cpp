#include "common/cli/study/desk.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "common/system/errors.h"

namespace workbook::cli::study {

Desk::Desk() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_.get() < 0) throw system::Error("the system gave no event descriptor");
}

std::vector<Wish> Desk::wishes() {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(wake_.get(), &count, sizeof count);  // nothing to read is fine
  return std::exchange(wishes_, {});
}

void Desk::wish(Wish wish) {
  const std::lock_guard lock(mutex_);
  wishes_.push_back(std::move(wish));
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto rung = ::write(wake_.get(), &one, sizeof one);  // a full counter is readable, too
}

void Desk::publish(std::string json) {
  {
    const std::lock_guard lock(mutex_);
    if (json == latest_.json) return;
    latest_ = {latest_.number + 1, std::move(json)};
  }
  changed_.notify_all();
}

std::optional<Snapshot> Desk::later_than(int after, std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  const bool there = changed_.wait_for(lock, patience, [&] { return closed_ || latest_.number > after; });
  return there && !closed_ ? std::optional(latest_) : std::nullopt;
}

void Desk::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

bool Desk::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace workbook::cli::study
