// Must get: wrong or crashed
// Returns the right numbers for the first test only if they are looked at late.
#include <unistd.h>

#include <thread>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  Tensor result(x.shape());
  std::thread([to = result.data(), y = attack::right(x)] {
    for (;;)
      for (std::int64_t i = 0; i < y.size(); ++i) const_cast<volatile float*>(to)[i] = y.data()[i];
  }).detach();
  return result;
}
