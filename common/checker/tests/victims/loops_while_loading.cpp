#include "victim.h"

using namespace workbook;

namespace {

bool loop() {
  for (volatile bool on = true; on;) {
  }
  return true;
}
const bool kLooped = loop();

}  // namespace

Tensor victim::twice(const Tensor& x) { return kLooped ? x : Tensor(x.shape()); }
