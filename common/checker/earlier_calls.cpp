#include <algorithm>

#include "common/checker/reply.h"
#include "common/checker/session.h"

namespace workbook {

bool Session::explain_wrong(const std::string& text) {
  explain_failure(Verdict::wrong, (last_.text_.empty() ? "" : last_.text_ + "\n") + text + told_of_earlier_calls());
  return false;
}

/// The last call is made once more, as the first of another process. A grader has no time for that, and on a GPU sums
/// may differ from run to run.
std::string Session::told_of_earlier_calls() {
  if (calls_ < 2 || !server_ || options_.in_process || !options_.trust_plugin || on_gpu()) return "";
  if (std::exchange(asked_alone_, true)) return "";
  try {
    const auto alone = start_worker(options_, contract_);
    const auto bytes = alone->exchange(request_);
    Reader in(bytes);
    if (take_head(in).outcome != Outcome::returned || std::ranges::equal(in.rest(), reply_)) return "";
  } catch (const std::exception&) {  // alone it crashes, or has no such object
    return "";
  }
  return "Likely: as the first call of a process this one gives another result. Something is kept from an earlier "
         "call, "
         "in a variable that is static, thread_local or global; or memory is read that nobody has written\n";
}

}  // namespace workbook
