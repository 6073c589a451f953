#pragma once
/// A selector under judgement, and problems to ask it.

#include <map>

#include "fits.h"
#include "questions.h"

namespace workbook::backend_selection {

inline const Problem kBig{.batch = 2, .heads = 8, .kv_heads = 8, .q_len = 300, .kv_len = 300, .head_dim = 64};

inline auto new_selector(const std::vector<Candidate>& candidates) {
  return student<construct<Selector, const std::vector<Candidate>&>>(candidates);
}

/// Different ones, long enough for a decision to take its time.
inline std::vector<Problem> some_problems(int count) {
  std::vector<Problem> problems;
  for (int i = 0; i < count; ++i) {
    const int len = 200 + 97 * i;
    problems.push_back(
        {1 + i % 3, 8, i % 2 ? 2 : 8, i % 4 ? len : 1, len, i % 5 ? 64 : 60, i % 7 ? Mask::causal : Mask::none});
  }
  return problems;
}

template <class S>
void check_selected(S& selector, const std::vector<Candidate>& candidates, const Question& q) {
  const Decision got = student<&Selector::select>(selector, q.problem, q.constraints);
  check_decision(got, candidates, q.problem, q.constraints);
}

template <class S>
void check_decided(S& selector, int questions, int asked) {
  CHECK_THAT(student<&Selector::decided>(selector),
             is_count(questions, "decided()")
                 .but_not(asked, "every question was decided anew: nothing that is remembered was looked up")
                 .but_not(0, "nothing was counted: ++decided_ for each decision of select_backend")
                 .but_if([=](std::int64_t got) { return got > questions; },
                         "some questions were decided more than once. Does a thread that finds nothing decide while "
                         "another one decides the same?"));
}

template <class S>
void check_all(S& selector, const std::vector<Candidate>& candidates, const std::vector<Problem>& problems,
               const Constraints& constraints, int threads) {
  const std::vector<Decision> got = student<select_all>(selector, problems, constraints, threads);
  CHECK_THAT(got.size() == problems.size(), otherwise("expected " + std::to_string(problems.size()) +
                                                      " decisions, got " + std::to_string(got.size())));
  for (std::size_t i = 0; i < std::min(got.size(), problems.size()); ++i) {
    const Decision right = expected_decision(candidates, problems[i], constraints);
    CHECK_THAT(got[i].considered.size() == right.considered.size(),
               otherwise("decision " + std::to_string(i) + " considers " + std::to_string(got[i].considered.size()) +
                         " candidates: was its problem left out? Threads have to get all problems, to the last"));
    check_chosen(got[i], right, constraints);
  }
}

/// The measured seconds of each backend, for every problem that was measured.
struct RecordedCase {
  Problem problem;
  std::map<std::string, double> seconds;
};

inline std::map<std::string, RecordedCase> recorded_cases() {
  std::map<std::string, RecordedCase> cases;
  for (const Recorded& r : kRecorded) {
    RecordedCase& c = cases[std::string(r.workload) + " " + r.layer];
    c.problem = r.problem;
    c.seconds[r.backend] = r.seconds;
  }
  std::erase_if(cases, [](const auto& c) { return c.second.seconds.size() < 2; });
  return cases;
}

/// Checks what is chosen against what was really fastest. @param may_be_wrong the share of the problems
inline void check_recorded_choices(const std::vector<Candidate>& all, const std::string& what, double may_be_wrong) {
  int right = 0, asked = 0;
  double sum = 0, largest = 0;
  for (const auto& [name, measured] : recorded_cases()) {
    std::vector<Candidate> there;
    double best = std::numeric_limits<double>::infinity();
    for (const Candidate& c : all)
      if (const auto seconds = measured.seconds.find(c.backend.name); seconds != measured.seconds.end())
        there.push_back(c), best = std::min(best, seconds->second);
    if (there.size() < 2) continue;
    const Decision d = student<select_backend>(there, measured.problem, {});
    check_chosen(d, expected_decision(there, measured.problem, {}), {});
    if (d.chosen < 0 || d.chosen >= std::ssize(there)) continue;
    const double regret = measured.seconds.at(there[static_cast<std::size_t>(d.chosen)].backend.name) / best - 1;
    ++asked, right += regret == 0, sum += regret, largest = std::max(largest, regret);
  }
  CHECK_THAT(1 - right / double(asked),
             at_most(may_be_wrong, "the share of problems for which another one was faster"));
  CHECK_THAT(sum / asked, at_most(0.1, "the mean regret, the time of the chosen one by that of the fastest, less 1"));
  remark(fmt::format("{}: the fastest for {} of {} problems; regret {:.1f} % in the mean, {:.0f} % at worst", what,
                     right, asked, 100 * sum / asked, 100 * largest));
}

}  // namespace workbook::backend_selection
