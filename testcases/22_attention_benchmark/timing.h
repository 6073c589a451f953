#pragma once
/// What verify_then_time should find, and what it should ask of a candidate.

#include "series.h"

namespace workbook::attention_benchmark {

/// A script whose runs take different times, none of them twice.
inline Script script(Behaviour behaviour, std::int64_t at = 0, std::int64_t elements = 9) {
  Script s{.behaviour = behaviour, .at = at, .elements = elements, .seconds = {}};
  s.seed = static_cast<double>(random_integer(0, 1000));
  for (int i = 0; i < 24; ++i) s.seconds.push_back(static_cast<double>(random_integer(1, 15)) + i * 16);
  return s;
}

/// The times of runs [first, first + count) of all runs of the candidate.
inline Series times_of(const Script& s, std::int64_t first, std::int64_t count) {
  return {s.seconds.begin() + first, s.seconds.begin() + first + count};
}

/// A candidate after verify_then_time(candidate, warmup, runs).
struct Played {
  Script script;
  int warmup, runs;
  Object<Candidate> candidate;
  Timed found;

  std::vector<Event> events() const { return student<&Candidate::events>(candidate); }
  std::string text() const {
    const std::string behaviour = describe(script.behaviour);
    return "the candidate's behaviour is `" + behaviour + "`" +
           (script.behaviour == Behaviour::right ? "" : ", at " + std::to_string(script.at)) + " (script.h)";
  }
};

inline Played play(const Script& s, int warmup, int runs) {
  auto candidate = student<construct<Candidate, const Script&>>(s);
  try {
    Timed found = student<verify_then_time>(candidate, warmup, runs);
    return {s, warmup, runs, std::move(candidate), std::move(found)};
  } catch (const std::runtime_error& e) {
    if (std::string(e.what()).find("gave up") != std::string::npos)
      explain_exception(
          "Likely: a run of the candidate threw this, and nobody caught it. One candidate that fails must not end "
          "the whole benchmark: its status is `failed`");
    throw;
  }
}

/// Checks status, first_bad and that a refused candidate has no times. `likely` is told if the status is wrong.
inline void check_refused(const Played& played, Status status, std::int64_t first_bad, const std::string& likely) {
  const Timed& got = played.found;
  INFO(played.text());
  CHECK_THAT(got.status == status, otherwise("status: expected " + describe(status) + ", got " + describe(got.status) +
                                             "\nLikely: " + likely));
  if (got.status != status) return;
  CHECK_THAT(got.first_bad, is_count(first_bad, "first_bad")
                                .but_not(-1, "the index of the first bad element is missing")
                                .but_not(first_bad + 1, "elements are counted from 0"));
  CHECK_THAT(got.seconds.empty(),
             otherwise("seconds: expected none, got " + std::to_string(got.seconds.size()) +
                       "\nLikely: the times of a candidate that was refused were returned: someone will print them"));
}

/// Checks the times of runs [2 + warmup, 2 + warmup + runs).
inline void check_times(const Played& played) {
  const auto& [s, warmup, runs, candidate, got] = played;
  INFO(played.text());
  const bool bad = got.status != Status::cached && got.first_bad >= 0;
  const std::string likely = "\nLikely: element " + std::to_string(got.first_bad) +
                             " was compared bit by bit. Sums in another order are rounded in another way: kTolerance * "
                             "(1 + |expected|) is allowed";
  CHECK_THAT(got.status == Status::measured,
             otherwise("status: expected measured, got " + describe(got.status) + (bad ? likely : "")));
  if (got.status != Status::measured) return;
  CHECK_THAT(got.first_bad, is_count(-1, "first_bad").but_not(0, "nothing is bad, so there is no index: -1"));
  const auto times = [script = s](std::int64_t first, std::int64_t count) {
    return [=] { return times_of(script, first, count); };
  };
  const auto any = [](auto looks_so) {
    return [=](const Tensor64& x) { return std::ranges::any_of(x.values(), looks_so); };
  };
  CHECK_THAT(got.seconds,
             matches(times(2 + warmup, runs)(), in_double())
                 .but_not(times(2, warmup + runs), "the warm-up was timed, too: its runs only bring code and memory in")
                 .but_not(times(2, runs), "the first times are of the warm-up: it is over before the first timed run")
                 .but_not(times(0, runs), "these are the times of the checks and of what follows them")
                 .but_not([=] { return sorted(times(2 + warmup, runs)()); },
                          "the times were sorted: the order of measurement shows drift, and rounds")
                 .but_if(any([](double t) { return t > 5000; }),
                         "a time is very long. Is all that stands between the two readings of the clock one call of "
                         "run()?")
                 .but_if(any([](double t) { return t == 0; }),
                         "a run took no time. Did the clock stand still between its readings, or were both before the "
                         "run?")
                 .otherwise("a time is the reading after one run less the reading just before it"));
}

/// What is asked of a candidate: two checks, the warm-up, timed runs with a reading before and after each; no more
/// than `most_runs` runs.
inline std::vector<Event> asked(int warmup, int runs, int most_runs = 1 << 20) {
  std::vector<Event> events;
  for (int number = 0; number < 2 + warmup + runs && number < most_runs; ++number) {
    const bool timed = number >= 2 + warmup;
    if (timed) events.push_back({});
    events.push_back({true, number % 2, true});
    if (timed && number + 1 < most_runs) events.push_back({});
  }
  return events;
}

/// Why the first event that differs does.
inline std::string difference(const Event& expected, const Event& got, int runs_before, int warmup) {
  const std::string run = "run number " + std::to_string(runs_before);
  const std::string phase = runs_before < 2 ? " (a check)" : runs_before < 2 + warmup ? " (warm-up)" : " (timed)";
  if (expected.is_run && !got.is_run)
    return "the clock was read before " + run + phase +
           (runs_before < 2            ? ". Likely: a candidate was timed before it was known to be right"
            : runs_before < 2 + warmup ? ". Likely: the warm-up was timed"
                                       : ". The reading before a run is the last thing before it");
  if (!expected.is_run && got.is_run)
    return run + phase +
           " began, and the clock was not read since the run before it. Likely: several runs share one "
           "pair of readings; each timed run has two of its own";
  if (expected.set != got.set)
    return run + phase + " took input set " + std::to_string(got.set) + ", expected set " +
           std::to_string(expected.set) + ". " +
           (runs_before == 1 ? "Likely: only one set of inputs was checked, which a cached result passes"
                             : "Warm-up and timed runs alternate between the sets, from set 0 in the warm-up");
  return run + phase +
         " began with numbers in the output. Likely: the output was not filled with NaN just before it, so "
         "what an earlier run left there passes for a result";
}

/// Checks that just this was asked, in this order. `poison` says whether the filling of the output is judged.
inline void check_asked(const Played& played, const std::vector<Event>& expected, bool poison) {
  INFO(played.text());
  const std::vector<Event> got = played.events();
  int runs = 0;
  for (std::size_t i = 0; i < std::min(got.size(), expected.size()); ++i) {
    const Event& e = expected[i];
    const Event& g = got[i];
    const bool same = e.is_run == g.is_run && e.set == g.set && (!poison || e.poisoned == g.poisoned);
    CHECK_THAT(same, otherwise(difference(e, g, runs, played.warmup)));
    if (!same) return;
    runs += e.is_run;
  }
  const auto count_runs = [](const std::vector<Event>& events) {
    return std::ranges::count(events, true, &Event::is_run);
  };
  const auto text = [&](const std::vector<Event>& events) {
    return std::to_string(count_runs(events)) + " runs and " + std::to_string(std::ssize(events) - count_runs(events)) +
           " readings of the clock";
  };
  CHECK_THAT(got.size() == expected.size(),
             otherwise("expected " + text(expected) + ", got " + text(got) +
                       (got.size() > expected.size() && count_runs(got) > count_runs(expected)
                            ? "\nLikely: the candidate ran on after a check had failed, or more often than asked: the "
                              "last result is checked without another run"
                            : "")));
}

}  // namespace workbook::attention_benchmark
