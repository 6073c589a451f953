#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& /*x*/) { throw 42; }
