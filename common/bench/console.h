#pragma once
/// Results as the table that profilers of attention layers print on a console: mean and standard deviation of the time,
/// peak memory, the difference to the first function, the mean of the result.

#include "common/bench/document.h"

namespace workbook::bench {

std::string as_console(const Document& document);

}  // namespace workbook::bench
