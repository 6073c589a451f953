#include <vector>

#include "victim.h"

using namespace workbook;

namespace {
std::vector<float> scratch(1 << 16);
}  // namespace

Tensor victim::twice(const Tensor& x) {
  for (std::int64_t i = 0; i < x.size(); ++i) scratch[static_cast<std::size_t>(i)] = x.data()[x.size() - 1 - i] * 2;
  return Tensor(x.shape(), std::span<const float>(scratch).first(static_cast<std::size_t>(x.size())));
}
