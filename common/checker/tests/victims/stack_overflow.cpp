#include "victim.h"

namespace {
float deeper(const float* above) {
  volatile float frame[1000];
  frame[0] = *above;
  return frame[0] < 0 ? 0 : deeper(const_cast<const float*>(frame)) + frame[1];
}
}  // namespace

using namespace workbook;

Tensor victim::twice(const Tensor& x) { return Tensor(x.shape(), deeper(x.data())); }
