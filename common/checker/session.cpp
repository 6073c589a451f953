#include "common/checker/session.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/core.h>

#include "common/checker/reply.h"
#include "common/checker/source_location.h"
#include "common/contract/exceptions.h"
#include "common/system/utf8.h"

namespace workbook {

std::size_t ObservedCall::position_of(const void* argument) const {
  const auto found = std::find(arguments_.begin(), arguments_.end(), argument);
  if (found == arguments_.end()) throw std::logic_error("bytes_read() expects an argument of the last call");
  return static_cast<std::size_t>(found - arguments_.begin());
}

std::optional<std::uint64_t> ObservedCall::bytes_read_at(const void* argument) const {
  const std::size_t index = position_of(argument);
  if (index >= evidence_.bytes_read.size()) return std::nullopt;
  return evidence_.bytes_read[index];
}

Session::Session(RunOptions options, std::string contract, std::uint64_t seed, Timeouts* timeouts)
    : options_(std::move(options)), contract_(std::move(contract)), random_(seed), timeouts_(timeouts) {}

Session::~Session() {
  if (!server_ || !timeouts_) return;
  const Spent spent = server_->spent();
  timeouts_->spend(spent.cpu_seconds, spent.idle_seconds);
}

Limits& Session::limits() {
  if (server_) throw std::logic_error("limits are set before the first call of a test case");
  return options_.limits;
}

CudaTreatment Session::treatment() const {
  CudaTreatment treatment = next_;
  treatment.kernels_last = options_.kernels_last;
  return treatment;
}

Server& Session::server() {
  if (!server_)
    server_ = options_.in_process ? load_in_process(options_, contract_) : start_worker(options_, contract_);
  return *server_;
}

void Session::note(Verdict verdict, const std::string& full) {
  constexpr std::size_t kMostNotes = 32, kMostText = 8 * kLongestText;
  const std::string text = system::printable(full, kLongestText);
  const bool known = std::ranges::any_of(notes_, [&](const Note& n) { return n.verdict == verdict && n.text == text; });
  // A graver verdict always finds its place: the gravest note is the test's verdict.
  const bool graver = std::ranges::all_of(notes_, [&](const Note& n) { return n.verdict < verdict; });
  std::size_t noted = 0;
  for (const Note& n : notes_) noted += n.text.size();
  if (!known && (graver || (notes_.size() < kMostNotes && noted < kMostText))) notes_.push_back({verdict, text});
}

void Session::stop(const Stopped& why) {
  stopped_ = why;
  note(why.verdict, why.what());
  throw why;
}

/// Ends the checker at once: a report without an end is never mistaken for a verdict.
[[noreturn]] static void give_up(const Fault& fault) {
  std::fprintf(stderr, "checker: %s\n", fault.what());
  std::fflush(nullptr);
  std::_Exit(kExitFault);
}

namespace {
constexpr std::string_view kLoading = "loading it", kDestroying = "destroying an object";

/// A result is what came of it in the reply. What is freed with it beyond that, such as memory after a tensor's last
/// element, is workspace.
void count_result_only(Evidence& evidence, std::uint64_t in_reply) {
  constexpr std::uint64_t kRounding = 8 << 10;  // large blocks take whole pages
  evidence.returned = std::min(evidence.returned, in_reply + kRounding);
}
}  // namespace

/// @throws Stopped
void Session::give_up_if_timed_out_before(std::string_view what) {
  const bool all_spent = timeouts_ && !on_gpu() && timeouts_->all_spent();
  given_up_ = all_spent || (timeouts_ && timeouts_->given_up(what));
  if (all_spent)
    throw Stopped(Verdict::timed_out,
                  fmt::format("the tests before this one took all the time that a lesson has: {:.0f} s of computing or "
                              "{:.0f} s of waiting",
                              Timeouts::kCpuSeconds, Timeouts::kIdleSeconds));
  if (given_up_)
    throw Stopped(Verdict::timed_out,
                  std::string(what) + " timed out in two tests before this one, so it was not tried again");
}

std::vector<std::byte> Session::call(const OutgoingCall& call) {
  if (stopped_) stop(*stopped_);
  last_ = ObservedCall();
  last_.text_ = call.text;
  function_ = call.function;
  last_.arguments_ = call.arguments;
  present_ = std::exchange(next_, {});
  std::string_view at_work = kLoading;
  try {
    give_up_if_timed_out_before(at_work);
    Server& running = server();
    at_work = call.function;
    give_up_if_timed_out_before(at_work);
    running.allow(timeouts_ ? timeouts_->for_call(at_work, options_.limits) : options_.limits);
    last_.metered_ = running.metered();
    const auto bytes = running.exchange(call.request);
    Reader in(bytes);
    ReplyHead head = take_head(in);
    count_result_only(head.evidence, in.left());
    last_.threw_ = head.outcome == Outcome::threw;
    observe(head.evidence);
    stop_at_faults(call);
    if (head.outcome == Outcome::not_implemented) stop({Verdict::not_started, head.exception + " is not written yet"});
    if (head.outcome == Outcome::threw) rethrow(head);
    check_device_rules(call);
    // The request stays, and beside it there are arguments and result, or the result and its message. What comes with a
    // result could be made longer at will, and is left out.
    const std::uint64_t request = call.request.size(), result = in.left();
    messages_ = std::max(messages_, request + result + std::max(request, result));
    ++calls_;
    request_.assign(call.request.begin(), call.request.end());
    reply_.assign(in.rest().begin(), in.rest().end());
    return reply_;
  } catch (const WireError& e) {
    stop({Verdict::crashed, call.text + "\nthe worker's reply is malformed: " + e.what()});
  } catch (const Fault& fault) {
    give_up(fault);
  } catch (const Stopped& why) {
    if (stopped_) throw;
    if (why.verdict == Verdict::timed_out && timeouts_ && !given_up_) timeouts_->add(at_work);
    stop({why.verdict, why.verdict == Verdict::not_started ? why.what() : call.text + "\n" + why.what()});
  }
}

/// What no test has to ask for: an implementation that changes its inputs or leaves threads running is wrong.
void Session::observe(Evidence evidence) {
  evidence.threads_left = std::max(evidence.threads_left, server_->threads_left());
  for (const std::uint32_t index : evidence.inputs_modified)
    note(Verdict::wrong,
         last_.text_ + "\nchanges its argument " + std::to_string(index + 1) + ", which it may only read");
  if (evidence.threads_left > 0 && !on_gpu())  // the driver's threads are its own affair
    note(Verdict::wrong, last_.text_ + "\nreturns with " + std::to_string(evidence.threads_left) +
                             " of its threads still running; join them first");
  constexpr std::size_t kMostLaunches = 4096;  // of all calls
  const auto& launches = evidence.cuda.launches;
  if (launches_.size() + launches.size() <= kMostLaunches)
    launches_.insert(launches_.end(), launches.begin(), launches.end());
  if (!options_.trust_meter) evidence.heap_peak = evidence.stack = evidence.static_data = 0;
  last_.evidence_ = std::move(evidence);
}

namespace {

std::string with_places(const CudaFault& fault, const std::string& plugin, bool trusted) {
  std::string text = fault.text;
  for (std::size_t i = 0; i < fault.places.size(); ++i) {
    const std::string where = trusted ? source_location(plugin, {&fault.places[i], 1}) : "";
    const auto replace = [&](const std::string& mark, const std::string& by) {
      if (const auto at = text.find(mark); at != std::string::npos) text.replace(at, mark.size(), by);
    };
    replace("{" + std::to_string(i) + "}", where.empty() ? "your code" : where);
    replace("{at" + std::to_string(i) + "}", where.empty() ? "by the test" : "at " + where);
  }
  return text;
}

}  // namespace

/// The first fault that the simulator found is the verdict, whatever the call returned or threw.
void Session::stop_at_faults(const OutgoingCall& call) {
  for (const CudaFault& fault : last_.evidence_.cuda.faults) {
    if (fault.is_leak && call.may_keep_device_memory) continue;
    if (!fault.calls.empty() &&
        (!options_.trust_plugin || same_source_lines(options_.plugin, fault.calls, fault.other_calls)))
      continue;
    const Verdict verdict = fault.kind == CudaFaultKind::crashed ? Verdict::crashed : Verdict::wrong;
    const std::string refused = last_.evidence_.cuda.refused > 0 ? "after " + refusal_text(present_) + ":\n" : "";
    stop({verdict, call.text + "\n" + refused + with_places(fault, options_.plugin, options_.trust_plugin)});
  }
}

void Session::check_device_rules(const OutgoingCall& call) {
  if (!call.on_device || device_copies_allowed_ || last_.evidence_.cuda.refused > 0) return;
  if (const auto broken = broken_rule(*call.on_device, last_.evidence_.cuda))
    note(Verdict::wrong, call.text + "\n" + *broken);
}

const CudaEvidence& Session::device() {
  if (stopped_) stop(*stopped_);
  if (!last_.evidence_.cuda.counted) {
    constexpr const char* why =
        "launches, loads and stores are counted by the simulator; this call ran on a GPU or in the plain flavour";
    left_to_simulator_ = true;
    explain_failure(Verdict::not_verifiable_here, why);
    throw Stopped(Verdict::not_verifiable_here, why);
  }
  return last_.evidence_.cuda;
}

namespace {

/// What CUDA says of a machine, not of an implementation, by its names for the errors.
constexpr std::pair<std::string_view, const char*> kMachineProblems[] = {
    {"cudaErrorNoDevice", "CUDA finds no GPU here; `nvidia-smi` shows what the driver finds"},
    {"cudaErrorInsufficientDriver",
     "the GPU's driver is older than the CUDA Toolkit that compiled this; install a newer driver, or compile with an "
     "older toolkit"},
    {"cudaErrorNoKernelImageForDevice",
     "this was compiled for another kind of GPU; compile it for this one's compute capability (9.0 is "
     "-DWORKBOOK_GPU_ARCHITECTURE=90)"},
    {"cudaErrorUnsupportedPtxVersion",
     "the GPU's driver is too old to compile this for the GPU; compile it for this one's compute capability"},
    {"cudaErrorDevicesUnavailable", "other processes have the GPU for themselves; try again when they have ended"},
    {"cudaErrorInitializationError", "the GPU's driver does not start; does `nvidia-smi` show the GPU?"},
    {"allocating an argument on the device: cudaErrorMemoryAllocation",
     "the GPU has too little free memory for the inputs; `nvidia-smi` shows who uses it"},
};

}  // namespace

std::string Session::thrown_text(const ReplyHead& head) const {
  std::string text = "threw " + head.exception + (head.text.empty() ? "" : ": " + head.text);
  const std::string place = options_.trust_plugin ? source_location(options_.plugin, head.thrown_at) : "";
  if (!place.empty() && head.text.find(place) == std::string::npos)  // else check() has told it
    text += "\nthrown at " + place;
  if (on_gpu() && head.text.find("cudaErrorMemoryAllocation") != std::string::npos)
    text += "\nThe GPU has less free memory than this call asked for; `nvidia-smi` shows who uses it";
  return text;
}

void Session::rethrow(const ReplyHead& head) {
  const std::string& type = head.exception;
  note_judged("throws");
  if (on_gpu())
    for (const auto& [error, advice] : kMachineProblems)
      if (head.text.find(error) != std::string::npos) stop({Verdict::not_verifiable_here, head.text + "\n" + advice});
  explain_failure({Verdict::wrong, [this, head, call = last_.text_] { return call + "\n" + thrown_text(head); }});
  throw_named(type, head.text);
}

std::uint64_t Session::memory_beyond_messages() const {
  const std::uint64_t peak = server_ ? server_->memory_peak() : 0;
  return peak - std::min(peak, messages_);
}

void Session::release(std::uint64_t object) noexcept try {
  if (!server_ || stopped_) return;
  give_up_if_timed_out_before(kDestroying);
  Writer request;
  encode(request, RequestHead{kRelease, 1});
  request.number(object);
  server_->exchange(request.bytes());
} catch (const Stopped& why) {
  if (why.verdict == Verdict::timed_out && timeouts_ && !given_up_) timeouts_->add(kDestroying);
  stopped_ = why;
  note(why.verdict, std::string(kDestroying) + "\n" + why.what());
} catch (...) {
  // The worker is gone with all its objects.
}

namespace {
std::unique_ptr<Session> current;
}

Session& session() {
  if (!current) throw std::logic_error("student<...>() is called inside a test case");
  return *current;
}

void set_session(std::unique_ptr<Session> session) { current = std::move(session); }

}  // namespace workbook
