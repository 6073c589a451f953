#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  const Tensor scores({std::int64_t{25} << 30});
  return Tensor(x.shape(), scores.data()[0]);
}
