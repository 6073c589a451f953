// Must get: crashed
#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  Tensor y = attack::right(x);
  for (std::int64_t i = 0; i < y.size(); ++i) const_cast<float*>(x.data())[i] = 0;
  return y;
}
