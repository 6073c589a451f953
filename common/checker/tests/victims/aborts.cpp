#include "victim.h"

#include <cstdlib>

using namespace workbook;

Tensor victim::twice(const Tensor& /*x*/) { std::abort(); }
