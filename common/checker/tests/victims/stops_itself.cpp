#include <signal.h>

#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  raise(SIGSTOP);
  return x;
}
