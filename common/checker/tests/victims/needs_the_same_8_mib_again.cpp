#include "victim.h"

#include <sys/resource.h>

using namespace workbook;

static long new_pages() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

Tensor victim::twice(const Tensor& x) {
  for (int i = 0; i < 3; ++i) Tensor({1 << 21}, 1.f);
  const long before = new_pages();
  Tensor({1 << 21}, 1.f);
  if (const long found = new_pages() - before; found > 100)
    throw std::runtime_error("waited for new pages, " + std::to_string(found));
  Tensor result = x;
  for (float& element : result.values()) element *= 2;
  return result;
}
