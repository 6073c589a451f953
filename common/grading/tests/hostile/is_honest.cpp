// Must get: passed
// The honest solution: whatever happens beside it, it keeps its points.
#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
