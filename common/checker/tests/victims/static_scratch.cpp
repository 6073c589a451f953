#include "victim.h"

using namespace workbook;

namespace {
float scratch[1 << 16];
thread_local float more_scratch[1 << 14];
}  // namespace

Tensor victim::twice(const Tensor& x) {
  for (std::int64_t i = 0; i < x.size(); ++i) more_scratch[i] = x.data()[i];
  for (std::int64_t i = 0; i < x.size(); ++i) scratch[i] = more_scratch[x.size() - 1 - i] * 2;
  return Tensor(x.shape(), std::span<const float>(scratch, static_cast<std::size_t>(x.size())));
}
