// Must get: wrong
// The fence says: attribute `visibility`
// Assertions that always hold, for a checker that would share a process with them.
#include "attack.h"

namespace Catch {
struct __attribute__((visibility("default"))) AssertionHandler {
  void complete();
  bool allowThrows() const;
};
void AssertionHandler::complete() {}
bool AssertionHandler::allowThrows() const { return false; }
struct __attribute__((visibility("default"))) RunContext {
  bool lastAssertionPassed();
};
bool RunContext::lastAssertionPassed() { return true; }
}  // namespace Catch

workbook::Tensor workbook::target::twice(const Tensor& x) { return x; }
