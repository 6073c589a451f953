#include "common/checker/reply.h"

#include <algorithm>

#include "common/system/utf8.h"

namespace workbook {
namespace {

constexpr std::size_t kLongestHead = std::size_t{2} << 20;
constexpr std::size_t kMostArguments = 16;  // no function has more
constexpr std::size_t kMostRepeats = 1024;
constexpr std::size_t kMostLaunches = 4096;
constexpr std::size_t kMostFaults = 16, kMostPlaces = 8;  // the simulator tells half as many
constexpr std::size_t kLongestName = 256;

void check_count(const char* what, std::size_t found, std::size_t most) {
  if (found > most)
    throw WireError("expected at most " + std::to_string(most) + " " + what + " in one call, found " +
                    std::to_string(found));
}

void tame(std::string& text, std::size_t longest) { text = system::printable(text, longest); }

}  // namespace

ReplyHead take_head(Reader& in) {
  Reader front(in.rest().first(std::min(in.left(), kLongestHead)));
  auto head = decode<ReplyHead>(front);
  in.take(std::min(in.left(), kLongestHead) - front.left());

  Evidence& evidence = head.evidence;
  check_count("modified arguments", evidence.inputs_modified.size(), kMostArguments);
  check_count("arguments that are read", evidence.bytes_read.size(), kMostArguments);
  check_count("times", evidence.seconds.size(), kMostRepeats);
  check_count("kernel launches", evidence.cuda.launches.size(), kMostLaunches);
  check_count("calls that led to an exception", head.thrown_at.size(), kMostArguments);
  check_count("faults", evidence.cuda.faults.size(), kMostFaults);
  tame(head.exception, kLongestName);
  tame(head.text, kLongestText);
  for (CudaLaunch& launch : evidence.cuda.launches) tame(launch.kernel, kLongestName);
  for (CudaFault& fault : evidence.cuda.faults) {
    check_count("places of a fault", fault.places.size(), kMostPlaces);
    check_count("calls that led to a fault", std::max(fault.calls.size(), fault.other_calls.size()), kMostPlaces);
    tame(fault.text, kLongestText);
  }
  return head;
}

}  // namespace workbook
