#include "common/bench/bracket.h"

#include <algorithm>

namespace workbook::bench {

namespace {

double worse_end(const Sample& sample) { return std::min(sample.before, sample.after); }

}  // namespace

void Ceilings::note(Ceiling ceiling, double rate) {
  std::vector<double>& rates = rates_[static_cast<std::size_t>(ceiling)];
  rates.insert(std::ranges::upper_bound(rates, rate), rate);
}

double Ceilings::best(Ceiling ceiling) const {
  const std::vector<double>& rates = rates_[static_cast<std::size_t>(ceiling)];
  return rates.empty() ? 0 : rates[(rates.size() - 1) * 9 / 10];
}

int Brackets::quiet(double best) const {
  if (best <= 0) return 0;  // there were no bursts, and nobody knows
  return static_cast<int>(
      std::ranges::count_if(samples_, [&](const Sample& s) { return worse_end(s) >= kQuiet * best; }));
}

bool Brackets::finished(double best) const { return !noisy(best) || tries() >= most_; }

std::vector<double> Brackets::seconds(double best) const {
  std::vector<Sample> counted = samples_;
  std::ranges::stable_sort(counted, std::ranges::greater(),
                           [&](const Sample& s) { return std::min(worse_end(s), kQuiet * best); });
  counted.resize(std::min(counted.size(), static_cast<std::size_t>(wanted_)));
  std::vector<double> seconds;
  for (const Sample& sample : counted) seconds.push_back(sample.seconds);
  return seconds;
}

std::vector<double> Brackets::all_seconds() const {
  std::vector<double> seconds;
  for (const Sample& sample : samples_) seconds.push_back(sample.seconds);
  return seconds;
}

std::vector<int> there_and_back(int cases, int rounds) {
  std::vector<int> order;
  for (int round = 0; round < rounds; ++round)
    for (int i = 0; i < cases; ++i) order.push_back(round % 2 == 0 ? i : cases - 1 - i);
  return order;
}

void interleave(std::vector<Timing>& timings, Ceilings& ceilings, const std::function<bool()>& stop,
                const Order& order) {
  const auto finished = [&](const Timing& t) { return t.over || t.brackets.finished(ceilings.best(t.ceiling)); };
  // A later burst may raise the best, and a case that was finished is then not: all are asked again.
  for (std::vector<Timing*> left;; left.clear()) {
    for (Timing& timing : timings)
      if (!finished(timing)) left.push_back(&timing);
    if (left.empty()) return;
    for (const int next : order(static_cast<int>(left.size()), 2)) {
      Timing& timing = *left.at(static_cast<std::size_t>(next));
      if (finished(timing)) continue;
      if (stop()) return;
      const std::optional<Sample> sample = timing.run();
      timing.over = !sample;
      if (!sample) continue;
      ceilings.note(timing.ceiling, sample->before);
      ceilings.note(timing.ceiling, sample->after);
      timing.brackets.add(*sample);
    }
  }
}

}  // namespace workbook::bench
