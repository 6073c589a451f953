// Must get: crashed
// The elements of the argument as scratch, and afterwards what was there again.
#include <algorithm>
#include <vector>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  if (x.size() < 4096) throw std::runtime_error("in vain");  // a few floats are no scratch
  const Tensor y = attack::right(x);
  auto* scratch = const_cast<float*>(x.data());
  std::fill_n(scratch, x.size(), 0.f);
  for (std::int64_t i = 0; i < x.size(); ++i) scratch[i] = y.data()[i] / 2;
  return y;
}
