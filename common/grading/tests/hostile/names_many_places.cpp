// Must get: crashed
// The fence says: uses send
// A fault at so many places that a checker would be busy for minutes to put them into words.
#include "attack.h"
#include "speech.h"

__attribute__((constructor)) static void serve() {
  workbook::ReplyHead head;
  head.evidence.cuda.faults.push_back(
      {.text = std::string(60'000, '{'), .places = std::vector<std::uint64_t>(200'000)});
  attack::answer_all(head);
}
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
