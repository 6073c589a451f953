#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& x) { return Tensor(x.shape(), std::numeric_limits<float>::quiet_NaN()); }
