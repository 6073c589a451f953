// Must get: crashed
// The fence says: uses recv
// Greets and answers by itself from a constructor, as a worker that counts nothing would.
#include "attack.h"
#include "speech.h"

__attribute__((constructor)) static void serve() {
  workbook::ReplyHead head;
  head.evidence.heap_peak = ~std::uint64_t{0};
  head.evidence.bytes_read.assign(1000, 1);
  attack::answer_all(head);
}
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
