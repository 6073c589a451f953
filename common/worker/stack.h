#pragma once
/// A stack of our own for the implementation's code, so that its use can be measured.
///
/// Pages never touched are not resident: after a call the lowest resident page tells how deep it went, however deep
/// that was, whatever was written there afterwards, and without painting anything first. Zeros at the low end of that
/// page are not counted, unless the whole page is zeros. The stack grows as it is used, like that of any program, so
/// the kernel counts it: an implementation that gives its pages back has still had them.

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

  std::byte* low_ = nullptr;  // where kSize bytes of stack begin, once it has grown that far
  ucontext_t inside_{}, outside_{};
  void (*body_)(void*) = nullptr;
  void* context_ = nullptr;
};

}  // namespace workbook
