#include "common/worker/lockdown.h"

namespace workbook {

void lock_down(int) {}

}  // namespace workbook
