#include "ledger.h"
#include "parts.h"
#include "writes.h"

using namespace workbook;
using namespace workbook::cuda_paged_decode;
TEST_CASE("x", "[advanced][append][1pt]") {
  Ledger ledger(2);
  ledger.append(ledger.create());
}
