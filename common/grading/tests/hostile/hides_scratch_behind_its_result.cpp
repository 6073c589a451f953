// Must get: too_much_workspace
// Memory after the last element of its result, which is freed along with it: less than what the kernel's count admits.
#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  constexpr std::size_t kLittle = std::size_t{512} << 10;
  Tensor y({static_cast<std::int64_t>(kLittle / sizeof(float))});
  attack::fill(y.data(), kLittle);
  for (std::int64_t i = 0; i < x.size(); ++i) y.data()[i] = 2 * x.data()[i];
  std::memcpy(static_cast<void*>(&y), static_cast<const void*>(&x), sizeof(Shape));  // a tensor begins with its shape
  return y;
}
