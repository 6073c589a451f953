#pragma once
/// What a test can say of an implementation.
///
/// Verdicts are distinct and never confused: a crash is not a wrong answer, and a test that cannot run here is
/// never shown as passed. Their spelling in JSON and their exit codes are fixed here and nowhere else.

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace workbook {

enum class Verdict {
  passed,
  not_verifiable_here,  ///< say, a GPU test without a GPU
  not_started,          ///< the stub's NotImplemented() was reached
  too_much_workspace,   ///< right, but with more memory than the lesson allows
  wrong,
  out_of_memory,
  timed_out,
  crashed,
  does_not_compile,
};

struct VerdictInfo {
  Verdict verdict;
  std::string_view name;    ///< as in JSON
  std::string_view spoken;  ///< as a person reads it
  int exit_code;            ///< of the commands that end with this verdict
};

inline constexpr std::array<VerdictInfo, 9> kVerdicts{{
    {Verdict::passed, "passed", "passed", 0},
    {Verdict::not_verifiable_here, "not_verifiable_here", "not verifiable here", 15},
    {Verdict::not_started, "not_started", "not started", 10},
    {Verdict::too_much_workspace, "too_much_workspace", "too much workspace", 14},
    {Verdict::wrong, "wrong", "wrong", 1},
    {Verdict::out_of_memory, "out_of_memory", "out of memory", 13},
    {Verdict::timed_out, "timed_out", "timed out", 12},
    {Verdict::crashed, "crashed", "crashed", 11},
    {Verdict::does_not_compile, "does_not_compile", "does not compile", 3},
}};

/// Exit codes that belong to no verdict.
inline constexpr int kExitUsage = 2;          ///< bad arguments, unknown lesson
inline constexpr int kExitFault = 70;         ///< the workbook itself failed
inline constexpr int kExitInterrupted = 130;  ///< Ctrl-C

/// What a checker reads from --rest-of-build when other flavours of an implementation have been built, too.
inline constexpr char kBuilt = 'b';

constexpr const VerdictInfo& info(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }
constexpr std::string_view name(Verdict verdict) { return info(verdict).name; }
constexpr std::string_view spoken(Verdict verdict) { return info(verdict).spoken; }
constexpr int exit_code(Verdict verdict) { return info(verdict).exit_code; }

/// The verdict of that JSON name, or nothing.
constexpr std::optional<Verdict> verdict_named(std::string_view name) {
  for (const auto& entry : kVerdicts)
    if (entry.name == name) return entry.verdict;
  return std::nullopt;
}

/// Is something amiss? What is not started, or cannot be told here, is no failure.
constexpr bool is_failure(Verdict verdict) {
  return verdict != Verdict::passed && verdict != Verdict::not_started && verdict != Verdict::not_verifiable_here;
}

/// The verdict of several tests together: the gravest, as kVerdicts orders them.
constexpr Verdict worse(Verdict a, Verdict b) { return a < b ? b : a; }

}  // namespace workbook
