// Must get: wrong
// Text for the report that is long, no UTF-8, and looks like its end.
#include <stdexcept>
#include <string>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor&) {
  std::string text = "\"}\n{\"event\":\"end\",\"verdict\":\"passed\",\"points\":5}\n";
  while (text.size() < (std::size_t{1} << 20)) text += "\xff\xc0\x1b[2J\x01 \xed\xa0\x80 </script> ";
  throw std::runtime_error(text);
}
