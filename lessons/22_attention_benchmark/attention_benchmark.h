#pragma once
/// An honest benchmark of attention: what is counted, what is checked, when it is timed, and what may be concluded.
///
/// A *series* is a list of run times in seconds, in the order in which they were measured. All statistics rest on
/// ranks and medians, which no outlier can move far:
///   - no function assumes a distribution, draws random numbers, or changes its arguments;
///   - the median of an even number of values is the mean of the middle two;
///   - every function that takes a series refuses one that is empty, or that holds a time which is not finite and
///     positive, with std::invalid_argument.

#include <cstdint>
#include <optional>
#include <vector>

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/tensor/tensor.h"
#include "script.h"

namespace workbook::attention_benchmark {

/// One call of attention; q and the output are [batch, heads, q_len, head_dim], k and v
/// [batch, kv_heads, kv_len, head_dim].
struct Attention {
  int batch = 1, heads = 1, kv_heads = 1, q_len = 1, kv_len = 1, head_dim = 1;
  int element_bytes = 4;
  Mask mask = Mask::none;
};

/// What a call has to do, whoever computes it.
struct Work {
  std::int64_t flops = 0, bytes = 0;
};

/// The FLOPs of the pairs of a query and a key that it sees, 4 head_dim for each; and the bytes of q, of the output,
/// and of the keys and values that at least one query sees. A query sees a key if `mask` lets it, and `allowed` too
/// where there is one, which holds for all batches and heads. Exact up to 2^63 - 1. Without
/// `allowed`, no pair is visited: a billion of pairs takes no longer than one. @pre every extent >= 1
Work useful_work(const Attention& call,
                 const std::optional<TensorOf<bool>>& allowed);  // [q_len, kv_len]; true: may be seen

/// A median, and an interval around it. {0, median, +inf} where too few values say nothing about it.
struct Interval {
  double low = 0, median = 0, high = 0;
};

/// The median of the series, and the interval that holds the median of the process behind it with at least this
/// confidence, if its runs are independent: the r-th smallest and the r-th largest value, where r is the largest
/// number with P(X < r) <= (1 - confidence) / 2. X is the number of heads in n fair tosses. If r is 0: 0 and +inf.
/// Right for series of up to 10 000 runs. @throws std::invalid_argument if confidence is not in (0, 1)
Interval median_interval(const std::vector<double>& seconds, double confidence);

struct Drift {
  double per_run = 0;   ///< slope of Theil and Sen, divided by the median: 0.01 is one percent slower each run
  double z = 0;         ///< how many standard deviations Mann and Kendall's S is away from 0; positive: slower
  bool drifts = false;  ///< |z| > kZOfDrift
};
inline constexpr double kZOfDrift = 1.96;

/// per_run: the median of (x_j - x_i) / (j - i) over all i < j, divided by the median of the series (Sen 1968).
/// z: S is the number of pairs i < j with x_j > x_i less those with x_j < x_i (Mann 1945). Its variance without a drift
/// is n (n - 1) (2n + 5) / 18, which ties do not change here. S moves by 1 towards 0 before it is divided by
/// the standard deviation. A single run: all 0.
Drift find_drift(const std::vector<double>& seconds);

/// Indices i, ascending, with |x_i - median| > kOutlier * kSigmaByMad * MAD. The MAD is the median of |x_i - median|.
/// If it is 0, most values are equal, and all others are outliers.
std::vector<std::int64_t> find_outliers(const std::vector<double>& seconds);
inline constexpr double kSigmaByMad = 1.4826;  ///< standard deviation of a normal distribution, divided by its MAD
inline constexpr double kOutlier = 3.5;        ///< Iglewicz and Hoaglin 1993

/// Which case runs when, round after round: every round is a permutation of the cases 0 ... cases - 1, and the places
/// of a case in the whole order, 0 ... cases * rounds - 1, have the same sum for every case. A linear drift then costs
/// all cases alike.
/// @throws std::invalid_argument if cases or rounds is < 1, or if rounds is odd with more than one case, naming both
std::vector<int> order_of_runs(int cases, int rounds);  // -> [cases * rounds]

enum class Outcome { faster, slower, undecided };

struct Comparison {
  double low = 0, speedup = 0, high = 0;  ///< the interval of the ratios; speedup is their median
  Outcome outcome = Outcome::undecided;
};

/// Compares two series whose i-th runs stand in the same round: the ratio baseline / candidate is taken round by round,
/// and the ratios have a median_interval. The candidate is faster if all of it is above 1, slower if all is below.
/// @throws std::invalid_argument if the lengths differ, naming both; or as median_interval
Comparison compare(const std::vector<double>& baseline, const std::vector<double>& candidate, double confidence);

/// What a machine does at most, each second.
struct Machine {
  double peak_flops = 1, bandwidth = 1;  ///< FLOPs, bytes
};

enum class Limit { arithmetic, bandwidth, neither };

struct Position {
  double intensity = 0;      ///< FLOPs for each byte
  double roof = 0;           ///< FLOPs each second that work of this intensity can reach
  double share_of_roof = 0;  ///< more than 1 says that the work or the machine was described wrongly
  double share_of_peak = 0;
  Limit limit = Limit::neither;  ///< neither below kNearRoof; else what alone would take longer, FLOPs or bytes
};
inline constexpr double kNearRoof = 0.5;  ///< share of the roof

/// Where the work stands under the roofline (Williams et al. 2009) if it takes so many seconds.
/// @pre flops and bytes >= 1
/// @throws std::invalid_argument if seconds, peak_flops or bandwidth is not finite and positive
Position roofline(const Work& work, double seconds, const Machine& machine);

/// Something to time: a function with two sets of inputs, 0 and 1, and a clock. All of it plays a script (script.h).
class Candidate {
 public:
  explicit Candidate(const Script& script) : play_(script) {}

  /// Of the output.
  std::int64_t elements() const { return play_.elements(); }
  /// The right output for a set of inputs: [elements]. Slow: it takes 10 000 seconds.
  Tensor expected(int set) { return play_.expected(set); }
  /// Writes the output for a set of inputs: [elements].
  void run(int set, Tensor& output) { play_.run(set, output); }
  /// The clock, in seconds since some moment in the past.
  double now() { return play_.now(); }
  /// All runs and readings of the clock so far.
  const std::vector<Event>& events() const { return play_.events(); }

 private:
  Play play_;
};

enum class Status {
  measured,
  wrong,      ///< an element is not what is expected
  unwritten,  ///< an element is NaN, which the output was filled with before the run
  cached,     ///< the result for set 1 is the one for set 0
  failed,     ///< a run threw an exception
};

struct Timed {
  Status status = Status::measured;
  std::int64_t first_bad = -1;       ///< the first element that is wrong or NaN, also if cached; else -1
  std::vector<double> seconds = {};  ///< of the timed runs if measured, else none
};

/// An element is right if |got - expected| <= kTolerance * (1 + |expected|), and NaN never is.
inline constexpr double kTolerance = 1e-4;

/// Checks the candidate on set 0, then on set 1, makes `warmup` runs and `runs` timed ones, and checks the result of
/// the last one. Warm-up and timed runs together alternate between the sets, beginning with 0. Before every run, all of
/// the output is filled with NaN. The clock is read right before each timed run and right after it, and at no other
/// time. The first bad element decides: `unwritten` if it is NaN, else `wrong`; but `cached` if the output for set 1 is
/// right for set 0. As soon as a check fails or a run throws, nothing else runs.
/// @throws std::invalid_argument if warmup < 0 or runs < 1, naming both
Timed verify_then_time(Candidate& candidate, int warmup, int runs);

inline constexpr Contract<useful_work, median_interval, find_drift, find_outliers, order_of_runs, compare, roofline,
                          construct<Candidate, const Script&>, &Candidate::events, verify_then_time>
    contract;

}  // namespace workbook::attention_benchmark
