// Offers lesson 13 to the benchmark: its time model is fitted to what `./workbook bench --calibrate` measures.

#include "selector.h"

#include <map>

#include "backend_selection.h"

using namespace workbook;
using namespace workbook::backend_selection;
using attention_layer::Extents;

namespace {

/// The benchmark's backends, as the lessons describe them; the tiles of lesson 12's are its solution's.
const std::vector<Backend>& known_backends() {
  static const std::vector<Backend> all = {
      {.name = "unfused", .algorithm = Algorithm::unfused, .boolean_mask = true, .bias = true},
      {.name = "per-head", .algorithm = Algorithm::per_head},
      {.name = "fused", .algorithm = Algorithm::fused},
      {.name = "flash", .algorithm = Algorithm::flash, .q_tile = 64, .kv_tile = 256},
      {.name = "vectorized", .algorithm = Algorithm::flash, .q_tile = 64, .kv_tile = 96}};
  return all;
}

const Backend& named(const std::string& name) {
  for (const Backend& backend : known_backends())
    if (backend.name == name) return backend;
  throw std::invalid_argument("expected a backend of lessons 02 to 12; found " + name);
}

Problem problem_of(const Extents& e, Mask mask) {
  const auto small = [](std::int64_t extent) { return static_cast<int>(extent); };
  return {.batch = small(e.batch),
          .heads = small(e.heads),
          .kv_heads = small(e.kv_heads),
          .q_len = small(e.q_len),
          .kv_len = small(e.kv_len),
          .head_dim = small(e.head_dim),
          .mask = mask};
}

Work work_of_row(const selector::Row& row) { return work_of(named(row.backend), problem_of(row.extents, row.mask)); }

std::map<std::string, Constants> fitted(const std::vector<selector::Row>& rows) {
  std::map<std::string, std::vector<Measurement>> by_backend;
  for (const selector::Row& row : rows) by_backend[row.backend].push_back({work_of_row(row), row.seconds});
  std::map<std::string, Constants> all;
  for (const auto& [name, measured] : by_backend) all[name] = fit(measured);
  return all;
}

/// "3.94 ns": three digits, with the unit that fits.
std::string duration(double seconds) {
  constexpr const char* kUnits[] = {"ps", "ns", "us", "ms"};
  double value = 1e12 * seconds;
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %s", value, kUnits[unit]);
  return text;
}

}  // namespace

selector::Calibration selector::calibrate(const std::vector<Row>& rows) {
  const std::map<std::string, Constants> constants = fitted(rows);
  Calibration calibration;
  for (const Row& row : rows)
    calibration.predicted.push_back(estimate_time(work_of_row(row), constants.at(row.backend)));
  for (const auto& [name, c] : constants)
    calibration.constants.push_back(name + ": " + duration(c.per_flop) + " for a FLOP, " + duration(c.per_exponential) +
                                    " for an exponential, " + duration(c.per_byte) + " for a byte, " +
                                    duration(c.per_launch) + " for a launch");
  return calibration;
}

std::vector<std::pair<std::string, std::string>> selector::decide(const std::vector<Row>& rows, const Extents& extents,
                                                                  Mask mask, std::int64_t memory_bytes) {
  std::vector<Candidate> candidates;
  for (const auto& [name, constants] : fitted(rows)) candidates.push_back({named(name), constants});
  const Decision decision = select_backend(candidates, problem_of(extents, mask), {.memory_bytes = memory_bytes});
  std::vector<std::pair<std::string, std::string>> words;
  for (const Considered& one : decision.considered) words.emplace_back(one.name, one.reason);
  return words;
}
