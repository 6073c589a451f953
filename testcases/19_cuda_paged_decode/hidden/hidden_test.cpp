#include "../ledger.h"
#include "../parts.h"

using namespace workbook;
using namespace workbook::cuda_paged_decode;
// Hint: x
TEST_CASE("y", "[hidden][append][1pt]") {
  Ledger ledger(2);
  ledger.append(ledger.create());
}
