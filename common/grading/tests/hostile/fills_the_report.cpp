// Must get: wrong
// The fence says: uses send
// Launches, with names that grow sixfold when they are written as JSON.
#include "attack.h"
#include "speech.h"

__attribute__((constructor)) static void serve() {
  workbook::ReplyHead head;
  head.evidence.cuda.simulated = head.evidence.cuda.counted = true;
  head.evidence.cuda.launches.assign(4000, {.kernel = std::string(250, '\x01'), .dynamic_shared = ~std::uint64_t{0}});
  attack::answer_all(head, workbook::Tensor({5, 3}));
}
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
