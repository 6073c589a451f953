// Reads the element behind a row.
#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  const std::span<const float> values = x.values();
  return Tensor(x.shape(), values[values.size()]);
}
