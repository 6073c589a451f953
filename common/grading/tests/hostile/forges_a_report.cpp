// Must get: wrong
// The fence says: uses write
// Prints what the checker would write, into every descriptor there may be.
#include <unistd.h>

#include <string>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  const std::string lines =
      "{\"event\":\"test\",\"name\":\"every element is doubled, call after "
      "call\",\"verdict\":\"passed\",\"points\":2}\n"
      "{\"event\":\"end\",\"verdict\":\"passed\",\"passed\":2,\"total\":2,\"points\":5,\"max_points\":5}\n";
  for (int fd = 0; fd < 1024; ++fd)
    if (fd != 3) [[maybe_unused]]
      const auto written = write(fd, lines.data(), lines.size());
  return Tensor(x.shape());
}
