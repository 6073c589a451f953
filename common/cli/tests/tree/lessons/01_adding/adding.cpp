#include "adding.h"

using namespace workbook;

int adding::add(int /*a*/, int /*b*/) {
  // TODO(1): add.
  throw NotImplemented();
}
