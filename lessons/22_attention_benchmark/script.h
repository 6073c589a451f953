#pragma once
/// The world in which this lesson's candidates live: a script says what they do, and only their runs and checks take
/// time. Given; there is nothing to do here.

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "common/tensor/tensor.h"

namespace workbook::attention_benchmark {

/// How a candidate behaves.
enum class Behaviour {
  right,
  wrong_element,   ///< element `at` of every result is wrong
  one_input_set,   ///< element `at` is wrong for input set 1
  leaves_element,  ///< element `at` is never written
  first_result,    ///< returns its first result for ever
  last_result,     ///< remembers the latest input set: if it comes again at once, the run takes no time
  throws_in_run,   ///< run number `at` throws std::runtime_error
  wrong_from_run,  ///< from run number `at` on, element 0 is wrong
  idle_from_run,   ///< from run number `at` on, nothing is written
};

struct Script {
  Behaviour behaviour = Behaviour::right;
  std::int64_t at = 0;                ///< an element or a run, counted from 0
  std::int64_t elements = 1;          ///< of the output
  std::vector<double> seconds = {1};  ///< of each run, checks included; the last one stands for all that follow
  double seed = 0;                    ///< of the right results
};

/// What was asked of a candidate.
struct Event {
  bool is_run = false;    ///< else the clock was read
  int set = -1;           ///< of a run
  bool poisoned = false;  ///< whether every element of the output was NaN when the run began
};

/// A candidate's life, as the script has it.
class Play {
 public:
  explicit Play(const Script& script) : script_(script) {}
  std::int64_t elements() const { return script_.elements; }
  Tensor expected(int set);
  void run(int set, Tensor& output);
  double now();
  const std::vector<Event>& events() const { return events_; }

 private:
  Script script_;
  std::vector<Event> events_;
  double time_ = 1000;
  std::int64_t runs_ = 0;
  int first_set_ = 0, last_set_ = -1;
};

inline Tensor Play::expected(int set) {
  time_ += 10'000;
  Tensor out({script_.elements});
  for (std::int64_t i = 0; i < script_.elements; ++i)
    out.at(i) = static_cast<float>(2 * std::sin(script_.seed + static_cast<double>(i + 1) * (set == 0 ? 1.3 : 2.1)));
  return out;
}

inline void Play::run(int set, Tensor& output) {
  const Behaviour b = script_.behaviour;
  bool poisoned = true;
  for (const float x : output.values()) poisoned = poisoned && std::isnan(x);
  events_.push_back({true, set, poisoned});
  const std::int64_t number = runs_++, last = static_cast<std::int64_t>(script_.seconds.size()) - 1;
  if (number == 0) first_set_ = set;
  const Tensor right = expected(b == Behaviour::first_result ? first_set_ : set);
  time_ -= 10'000;
  if (b != Behaviour::last_result || set != last_set_)
    time_ += script_.seconds[static_cast<std::size_t>(number < last ? number : last)];
  last_set_ = set;
  const bool begun = number >= script_.at;
  if (b == Behaviour::throws_in_run && number == script_.at) throw std::runtime_error("the candidate gave up");
  if (b == Behaviour::idle_from_run && begun) return;
  const bool off = b == Behaviour::wrong_element || (b == Behaviour::one_input_set && set == 1);
  for (std::int64_t i = 0; i < script_.elements; ++i) {
    if (b == Behaviour::leaves_element && i == script_.at) continue;
    output.at(i) = right.at(i) * (1 + 1e-6f);  // as rounded in another order
    if ((off && i == script_.at) || (b == Behaviour::wrong_from_run && begun && i == 0)) output.at(i) += 0.01f;
  }
}

inline double Play::now() {
  events_.push_back({});
  return time_;
}

}  // namespace workbook::attention_benchmark
