#pragma once
/// Which timed runs count: those between two bursts that found the machine at its best.
///
/// A machine that is shared is slower at times, and no statistic of the runs alone can tell. A short burst of known
/// work before and after each run can: if either is below 95% of the best, the run is repeated. The best is what one
/// burst in ten reaches: the single fastest may be a clock that was raised for a few milliseconds, and nothing reaches
/// it again.

#include <functional>
#include <optional>
#include <vector>

#include "attention_layer.h"

namespace workbook::bench {

using attention_layer::Ceiling;
using attention_layer::Sample;

inline constexpr double kQuiet = 0.95;  ///< of the best burst: the machine was ours
inline constexpr int kTries = 4;        ///< for each run that is wanted, unless something else is said

/// The best of the bursts that this process has seen: the measured ceilings.
class Ceilings {
 public:
  double best(Ceiling ceiling) const;  ///< the rate that a tenth of them reaches; 0 if there were none
  void note(Ceiling ceiling, double rate);

 private:
  std::vector<double> rates_[2];  // ascending
};

/// The runs of one case.
class Brackets {
 public:
  /// @param tries for each run that is wanted, at most
  explicit Brackets(int wanted, int tries = kTries) : wanted_(wanted), most_(tries * wanted) {}

  void add(const Sample& sample) { samples_.push_back(sample); }
  int tries() const { return static_cast<int>(samples_.size()); }

  /// Of all runs, in the order in which they were made.
  std::vector<double> all_seconds() const;

  /// Whether no further run is needed, or would be of use.
  bool finished(double best) const;

  /// Fewer quiet runs than wanted: what seconds() returns was measured on a machine that others used.
  bool noisy(double best) const { return quiet(best) < wanted_; }

  /// Of the runs that count: the first quiet ones, or, if there are too few, those with the best brackets.
  std::vector<double> seconds(double best) const;

 private:
  int quiet(double best) const;

  int wanted_, most_;
  std::vector<Sample> samples_;
};

/// One case as it is timed.
struct Timing {
  Ceiling ceiling;
  std::function<std::optional<Sample>()> run;  ///< nothing: the case cannot go on
  Brackets brackets;
  bool over = false;  ///< it could not go on
};

/// In which order so many cases have so many rounds: the number of a case for each run.
using Order = std::function<std::vector<int>(int cases, int rounds)>;

/// Forward, backward, forward, ...: in two rounds, the mean position of every case is the same, so that a drift of the
/// machine costs all of them alike.
std::vector<int> there_and_back(int cases, int rounds);

/// Runs all of them, two rounds at a time, until each is finished. `stop` is asked before each run.
void interleave(std::vector<Timing>& timings, Ceilings& ceilings, const std::function<bool()>& stop,
                const Order& order = there_and_back);

}  // namespace workbook::bench
