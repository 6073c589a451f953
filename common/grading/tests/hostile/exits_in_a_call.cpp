// Must get: crashed
#include <cstdlib>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor&) { std::exit(0); }
