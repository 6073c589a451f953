#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& x) { return Tensor({x.dim(1), x.dim(0)}, 2 * x.data()[0]); }
