#pragma once
/// One test case's conversation with an implementation: its worker, its random numbers, what was observed and noted.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <vector>

#include "common/checker/device_rules.h"
#include "common/checker/timeouts.h"
#include "common/checker/worker_process.h"
#include "common/contract/wire.h"
#include "common/tensor/random.h"

namespace workbook {

/// Something that keeps a test from passing, whatever its assertions say.
struct Note {
  Verdict verdict;
  std::string text;
};

/// Why an assertion is about to fail. The text is made when it has: most calls that throw were meant to.
struct Explanation {
  Verdict verdict;
  std::function<std::string()> text;
};

/// Evidence of the last call, in the words of a test.
class ObservedCall {
 public:
  const Evidence& counts() const { return evidence_; }
  bool metered() const { return metered_; }
  bool threw() const { return threw_; }  ///< so it has no result, and what it took and did is charged to nobody
  const std::string& text() const { return text_; }  ///< "repeat_kv([2, 3, 5, 4], 2)"

  /// Bytes read from the elements of this argument of the call, repetitions included; the very object that was passed.
  /// Nothing if reads are not counted in this run. @throws std::logic_error if it was no argument.
  template <class T>
  std::optional<std::uint64_t> bytes_read(const T& argument) const {
    return bytes_read_at(&argument);
  }

 private:
  friend class ReadsAtMost;
  friend class Session;
  std::size_t position_of(const void* argument) const;
  std::optional<std::uint64_t> bytes_read_at(const void* argument) const;

  Evidence evidence_;
  bool metered_ = false, threw_ = false;
  std::string text_;
  std::vector<const void*> arguments_;
};

/// A call on its way: what student<f>() knows before it is sent.
struct OutgoingCall {
  std::string_view function;
  std::string text;
  std::span<const std::byte> request;
  std::vector<const void*> arguments;
  bool may_keep_device_memory = false;
  std::optional<DeviceCall> on_device;
};

class Session {
 public:
  /// `contract` is the mangled name of the Contract<...> whose functions will be called.
  /// @param timeouts of the test cases before this one; null if there are none
  Session(RunOptions options, std::string contract, std::uint64_t seed, Timeouts* timeouts = nullptr);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Sends a call and returns the reply's bytes after its head: result and in/out arguments.
  /// @throws Stopped when the implementation is not started, crashed, ...; the exception that the call threw, of its
  ///         own type if it is one of the standard ones, else std::runtime_error.
  std::vector<std::byte> call(const OutgoingCall& call);

  /// Destroys an object in the worker, if the worker still runs.
  void release(std::uint64_t object) noexcept;

  /// Ends the test case before its first call.
  void refuse(const Stopped& why) { stopped_ = why; }

  /// The same, because on a GPU this cannot be had at all.
  void leave_to_simulator(const std::string& why) {
    left_to_simulator_ = true;
    refuse({Verdict::not_verifiable_here, why});
  }

  /// Whether this test case wanted what only the simulator has: its counts, or a device that is small.
  bool left_to_simulator() const { return left_to_simulator_; }

  /// Limits of this test case; only before its first call.
  Limits& limits();

  Random& random() { return random_; }
  const ObservedCall& last_call() const { return last_; }

  /// Most memory that the calls so far took, as the kernel counts it, beyond their messages and the values in those.
  std::uint64_t memory_beyond_messages() const;

  /// Whether a comparison that hardly asks anything is wrong in itself.
  bool checks_tolerances() const { return options_.check_tolerances; }

  /// Whether the implementation runs on a GPU, or in a rehearsal of that.
  bool on_gpu() const { return options_.on_gpu; }
  /// How the simulator is to treat the next call, and that alone.
  CudaTreatment treatment() const;
  /// Lets an allocation or a launch of the next call fail, counted from 1.
  void refuse_in_next_call(std::uint32_t allocation, std::uint32_t launch) { next_ = {false, allocation, launch}; }

  /// Lets the calls of this test case copy between host and device, although their arguments are there.
  void allow_device_copies() { device_copies_allowed_ = true; }

  /// What the simulator counted in the last call. Where nothing was counted (on a GPU, in the plain flavour) this
  /// assertion is not_verifiable_here, and what the test asserts of values still counts.
  const CudaEvidence& device();
  /// The launches of all calls so far. In the plain flavour their counts are zero.
  const std::vector<CudaLaunch>& launches() const { return launches_; }

  std::string output(std::size_t max_bytes) const { return server_ ? server_->output(max_bytes) : ""; }

  /// Whether the implementation cannot go on in this test case.
  bool stopped() const { return stopped_.has_value(); }

  /// Whether that is because something was not called again that timed out in earlier test cases.
  bool given_up() const { return given_up_; }

  /// Keeps at most 32 notes, 8 KB of each and 64 KB of all, printable: much of it may be the implementation's text.
  void note(Verdict verdict, const std::string& text);
  const std::vector<Note>& notes() const { return notes_; }

  /// What was judged of calls beside their values, "flash_attention reads": workspace, reads, device, throws.
  const std::set<std::string>& judged() const { return judged_; }
  void note_judged(const std::string& what) { judged_.insert(function_ + " " + what); }

  /// A number worth seeing when the test passes.
  void remark(std::string text) { remarks_.push_back(std::move(text)); }
  const std::vector<std::string>& remarks() const { return remarks_; }

  /// A matcher's explanation of why it is about to fail.
  void explain_failure(Verdict verdict, std::string text) {
    explanation_ = Explanation{verdict, [said = std::move(text)] { return said; }};
  }
  void explain_failure(Explanation explanation) { explanation_ = std::move(explanation); }
  /// The same of a wrong result: `text` is told below the last call. @returns false, which is the matcher's answer
  bool explain_wrong(const std::string& text);
  std::optional<Explanation> take_explanation() { return std::exchange(explanation_, std::nullopt); }

 private:
  Server& server();
  void observe(Evidence evidence);
  void stop_at_faults(const OutgoingCall& call);
  void check_device_rules(const OutgoingCall& call);
  [[noreturn]] void rethrow(const ReplyHead& head);
  std::string thrown_text(const ReplyHead& head) const;
  [[noreturn]] void stop(const Stopped& why);
  void give_up_if_timed_out_before(std::string_view what);
  std::string told_of_earlier_calls();

  RunOptions options_;
  std::string contract_;
  Random random_;
  std::unique_ptr<Server> server_;
  std::optional<Stopped> stopped_;
  Timeouts* timeouts_;
  bool given_up_ = false, left_to_simulator_ = false, device_copies_allowed_ = false;
  ObservedCall last_;
  std::uint64_t messages_ = 0;  // most that a call's messages and the values in them take
  std::vector<CudaLaunch> launches_;
  CudaTreatment next_, present_;
  std::vector<Note> notes_;
  std::vector<std::string> remarks_;
  std::string function_;                    // of the last call
  std::vector<std::byte> request_, reply_;  // the same
  int calls_ = 0;                           // that returned
  bool asked_alone_ = false;
  std::set<std::string> judged_;
  std::optional<Explanation> explanation_;
};

/// The session of the test case that is running. @throws std::logic_error outside of one.
Session& session();

/// Makes `session` the current one; null ends it.
void set_session(std::unique_ptr<Session> session);

}  // namespace workbook
