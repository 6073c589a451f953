#include "victim.h"

#include <memory>
#include <vector>

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  std::vector<Tensor> hoard;
  for (;;) hoard.push_back(Tensor({1 << 16}));
  return x;
}
