#include "common/checker/counts.h"

#include <fmt/format.h>

#include <cmath>

namespace workbook {

ExactCount&& ExactCount::but_not_in_int(const std::string& what, std::optional<std::int64_t> wrong) && {
  return std::move(*this).but_not(wrong.value_or(static_cast<std::int32_t>(expected_)),
                                  what +
                                      " was computed in int, which ends at 2 147 483 647: make its first factor a "
                                      "std::int64_t, the result's type comes too late");
}

bool ExactCount::match(std::int64_t got) const {
  if (got == expected_) return true;
  const double error = std::abs(static_cast<double>(got) - static_cast<double>(expected_));
  return session().explain_wrong(
      fmt::format("{}expected {}, got {}\nerror {:.3g}, every bit counts (a count is exact)\n{}",
                  name_.empty() ? "" : name_ + ": ", expected_, got, error, likely(got)));
}

bool AtMost::match(double got) const {
  if (got <= bound_) return true;
  return session().explain_wrong(
      fmt::format("got {:.10g}; expected at most {:.10g}: {}\n{}", got, bound_, why_, likely(got)));
}

bool ReadsAtMost::match(const ObservedCall& call) const {
  if (session().stopped() || call.threw()) return true;  // there is no result to judge; the verdict is known
  const auto read = call.bytes_read_at(argument_);
  if (!read) {
    session().note(Verdict::not_verifiable_here, "reads are not counted in this kind of run");
    return true;
  }
  const auto got = static_cast<double>(*read);
  session().note_judged("reads");
  if (got <= bytes_) return true;
  return session().explain_wrong(fmt::format("{} {:.10g} bytes of its argument {}; expected at most {:.10g}: {}\n{}",
                                             is_object_ ? "read and wrote" : "read", got,
                                             call.position_of(argument_) + 1, bytes_, why_, likely(got)));
}

}  // namespace workbook
