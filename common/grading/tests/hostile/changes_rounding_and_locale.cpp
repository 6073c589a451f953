// Must get: wrong
// The fence says: uses fesetround
// A tolerance computed in its rounding mode, or a report written in its locale, would be another.
#include <cfenv>
#include <clocale>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  std::fesetround(FE_UPWARD);
  std::setlocale(LC_ALL, "");
  Tensor y = attack::right(x);
  for (std::int64_t i = 0; i < y.size(); ++i) y.data()[i] *= 1.0001f;
  return y;
}
