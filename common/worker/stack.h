#pragma once
/// A stack of our own for the implementation's code, so that its use can be measured to the byte.
///
/// Pages never touched are not resident: after a call the lowest resident page tells how deep it went, however deep
/// that was and without painting anything first.

#include <ucontext.h>

#include <cstddef>
#include <cstdint>

namespace workbook {

class MeasuredStack {
 public:
  MeasuredStack();  ///< @throws std::system_error if the memory cannot be reserved
  ~MeasuredStack();
  MeasuredStack(const MeasuredStack&) = delete;
  MeasuredStack& operator=(const MeasuredStack&) = delete;

  /// Runs `body`, which must not throw, on this stack and returns how many bytes of it were used.
  std::uint64_t run(void (*body)(void*), void* context);

  /// Whether a faulting address means that the stack overflowed.
  bool overflowed_at(const void* address) const;

 private:
  static void enter(unsigned low, unsigned high);
  std::uint64_t used() const;

  std::byte* guard_ = nullptr;  // kGuard bytes without access, then kSize bytes of stack
  ucontext_t inside_{}, outside_{};
  void (*body_)(void*) = nullptr;
  void* context_ = nullptr;
};

}  // namespace workbook
