#pragma once
/// What passes between the thread that judges and those that answer requests: snapshots one way, wishes the other.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/system/file_descriptor.h"

namespace workbook::cli::study {

/// What somebody at a page wants of the thread that judges.
struct Wish {
  enum class Kind {
    open,   ///< follow `lesson`
    judge,  ///< judge again
    look,   ///< something else that a snapshot tells has changed
  };
  Kind kind = Kind::look;
  std::string lesson{};  ///< its id
};

/// A state of the lesson, as JSON, and which one it is of those that were published.
struct Snapshot {
  int number = 0;
  std::string json;
};

/// Every function may be called from any thread.
class Desk {
 public:
  Desk();

  /// To be polled: readable when there are wishes.
  int wake() const { return wake_.get(); }
  /// Those that came since the last call.
  std::vector<Wish> wishes();
  void wish(Wish wish);

  /// Tells everyone who waits, unless nothing has changed.
  void publish(std::string json);
  /// Waits for a snapshot later than number `after`. Nothing if none came in time, or if the desk is closed.
  std::optional<Snapshot> later_than(int after, std::chrono::milliseconds patience) const;

  /// Nobody waits from now on.
  void close();
  bool closed() const;

 private:
  system::FileDescriptor wake_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Wish> wishes_;
  Snapshot latest_;
  bool closed_ = false;
};

}  // namespace workbook::cli::study
