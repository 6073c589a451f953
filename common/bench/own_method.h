#pragma once
/// The method that judges a run's timings: a lesson's, in a worker.

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "common/bench/bracket.h"
#include "common/bench/document.h"
#include "method.h"

namespace workbook {
class Session;
}

namespace workbook::bench {

inline constexpr double kConfidence = 0.95;

/// Each function is asked until it fails once: it is not written yet, or it threw. What it would have said is then
/// left out, and problems() says why.
class OwnMethod {
 public:
  /// @param plugin of a lesson with a method.cpp; empty: there is none, and every function fails
  OwnMethod(std::string plugin, std::string worker);
  ~OwnMethod();

  /// Fills in what the method says of each case that was measured, from its series, of which it has the median; and of
  /// each pair of cases that compute the same: against the unfused backend of the same implementation, and against the
  /// other implementations. What follows from medians has to be computed again.
  void judge(std::vector<Case>& cases, const Machine& machine);

  /// Its order of the runs, if that is one: every case as often as there are rounds. Else there_and_back().
  std::vector<int> order(int cases, int rounds);

  /// "median_interval is not written yet".
  std::vector<std::string> problems() const;

 private:
  template <auto F, class... A>
  auto ask(const A&... arguments);
  void take_interval(Case& c, const method::Interval& found);

  std::string plugin_, worker_;
  std::unique_ptr<Session> session_;
  std::map<std::string, std::string> problems_;  // by function
};

/// The plugin of an implementation in this folder, if one of the lessons has one and it is built. Empty: none.
std::string own_plugin(const std::string& folder, const std::string& impl);

}  // namespace workbook::bench
