#include "common/checker/matchers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace workbook {

bool Matches::match_tensor(const Tensor64& got) const {
  const Comparison found = compare(got, expected_, tolerance_);
  if (found.ok() && session().checks_tolerances() && too_wide(tolerance_, expected_))
    return session().explain_wrong(explain(found, tolerance_) + "\nthe tolerance (" + tolerance_.reason +
                                   ") admits twice or half of what is expected: is it relative, or absolute?");
  if (found.ok()) return true;
  std::string likely_cause = likely(got);
  if (likely_cause.empty() && is_unwritten(got))
    likely_cause = "Perhaps: the result is 0 everywhere. Is it written, and is it what the function returns?";
  return session().explain_wrong(explain(found, tolerance_) + "\n" + picture(found) + likely_cause +
                                 (likely_cause.empty() ? "" : "\n"));
}

/// Asked last: with extreme inputs many a wrong formula gives 0.
bool Matches::is_unwritten(const Tensor64& got) const {
  const auto zeros = [](const Tensor64& x) { return std::ranges::count(x.values(), 0.0); };
  return got.shape() == expected_.shape() && got.shape() != Shape{1} && got.size() > 0 && zeros(got) == got.size() &&
         2 * zeros(expected_) < got.size();
}

std::string Matches::likely(const Tensor64& got) const {
  for (const Suspicion& suspicion : suspicions_)
    if (std::string told = suspicion(got, *this); !told.empty()) return told;
  return "";
}

/// Four times the tolerance: the wrong formula is not evaluated in the order of the student's.
bool Matches::gives(const Tensor64& got, const Tensor64& wrong) const {
  Tolerance tolerance = tolerance_;
  tolerance.absolute *= 4;
  tolerance.relative *= 4;
  tolerance.every_bit = false;
  return compare(got, wrong, tolerance).ok() && !compare(wrong, expected_, tolerance).ok();
}

bool has_nan(const Tensor64& x) {
  return std::ranges::any_of(x.values(), [](double value) { return std::isnan(value); });
}

namespace {

/// What the meter counts, in the implementation's own process, could be forged. What the kernel counts includes the
/// implementation's code, fragments of the heap, and the stacks of threads.
bool few_by_the_kernel(const ObservedCall& call, std::uint64_t bytes, std::uint64_t held, const std::string& why) {
  constexpr std::uint64_t kUncounted = std::uint64_t{1} << 20;
  const std::uint64_t taken = session().memory_beyond_messages();
  if (taken <= bytes + held + kUncounted) return true;
  session().explain_failure(
      Verdict::too_much_workspace,
      fmt::format(
          "{}\nused {} of memory besides arguments and results, as the kernel counts it; the limit is {}{}, and {} "
          "for code and threads: {}\nthe process itself counted a workspace of {}\n",
          call.text(), size_text(taken), size_text(bytes), held ? ", " + size_text(held) + " for the objects" : "",
          size_text(kUncounted), why, size_text(call.counts().workspace())));
  return false;
}

}  // namespace

bool WorkspaceAtMost::match(const ObservedCall& call) const {
  if (session().stopped() || call.threw()) return true;  // there is no result to judge; the verdict is known
  if (!call.metered()) {
    session().note(Verdict::not_verifiable_here, "workspace is not counted in this kind of run");
    return true;
  }
  const Evidence& seen = call.counts();
  session().note_judged("workspace");
  if (seen.workspace() <= bytes_) return few_by_the_kernel(call, bytes_, held_, why_);
  session().explain_failure(
      Verdict::too_much_workspace,
      fmt::format("{}\nused {} of workspace; the limit is {}: {}\n"
                  "most at once on the heap {} (of which returned {}), stack {}, static data and what global objects "
                  "allocated {}; {} allocations\n",
                  call.text(), size_text(seen.workspace()), size_text(bytes_), why_, size_text(seen.heap_peak),
                  size_text(seen.returned), size_text(seen.stack), size_text(seen.static_data), seen.allocations));
  return false;
}

}  // namespace workbook
