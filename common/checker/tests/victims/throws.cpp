#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& /*x*/) { throw std::runtime_error("rows do not match"); }
