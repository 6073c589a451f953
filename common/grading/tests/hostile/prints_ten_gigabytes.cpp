// Must get: wrong
// The fence says: uses write
#include <unistd.h>

#include <string>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  const std::string text(1 << 20, '\xff');
  std::size_t written = 0;
  for (int i = 0; i < 10240; ++i)
    if (const auto n = write(1 + i % 2, text.data(), text.size()); n > 0) written += static_cast<std::size_t>(n);
  return attack::outcome(written > (std::size_t{64} << 20), x);
}
