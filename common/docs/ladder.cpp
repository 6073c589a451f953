// Draws docs/figures/ladder.svg from what `./workbook bench 12 --json` has recorded: ladder_figure FILE.

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include <fmt/core.h>

#include "common/figure/svg.h"
#include "common/system/json.h"

using namespace workbook::figure;

namespace {

struct Rung {
  const char *backend, *name;
};

constexpr std::array<Rung, 6> kRungs{{{"flash", "lesson 08's flash"},
                                      {"tiles", "tiles: products of a library"},
                                      {"+ exp2", "+ exp2"},
                                      {"+ score_tile", "+ score_tile"},
                                      {"+ weigh_tile", "+ weigh_tile"},
                                      {"vectorized", "vectorized: nothing in between"}}};

struct Series {
  bool causal;
  const char *name, *looks;
};

constexpr std::array<Series, 2> kSeries{
    {{false, "all keys", "tint-blue line-blue"}, {true, "causal", "tint-orange line-orange"}}};

constexpr double kTop = 64, kStep = 50, kBar = 18, kLeft = 244, kWidth = 390;

const nlohmann::json& measured(const nlohmann::json& cases, const Rung& rung, bool causal) {
  const auto found = std::ranges::find_if(cases, [&](const nlohmann::json& each) {
    return each.at("workload") == "core_d64" && each.at("backend") == rung.backend && each.at("causal") == causal;
  });
  if (found == cases.end()) throw std::runtime_error(fmt::format("core_d64 by \"{}\" was not measured", rung.backend));
  return *found;
}

std::string draw(const nlohmann::json& run) {
  const nlohmann::json &cases = run.at("cases"), &machine = run.at("machine");
  double slowest = 0;
  for (const Rung& rung : kRungs)
    for (const Series& series : kSeries)
      slowest = std::max(slowest, measured(cases, rung, series.causal).at("median_s").get<double>());

  Svg svg(
      760, kTop + kStep * kRungs.size() + 30, "What each step of lesson 12 brings",
      "Bars for the time of attention with and without a mask: lesson 08's flash, then the steps of lesson 12. Each "
      "step takes a little less time; the last one, where nothing is copied between the fast parts, about a third.");
  svg.text({20, 30}, "attention of core_d64: time, and share of the peak", "bold");
  double x = 560;
  for (const Series& series : kSeries) {
    svg.rect({x, 19}, 14, 14, series.looks, 3);
    svg.text({x + 20, 31}, series.name, "small");
    x += 100;
  }
  double y = kTop;
  for (const Rung& rung : kRungs) {
    svg.text({20, y + kBar + 4}, rung.name, "small");
    double top = y;
    for (const Series& series : kSeries) {
      const nlohmann::json& one = measured(cases, rung, series.causal);
      const double seconds = one.at("median_s"), width = kWidth * seconds / slowest;
      svg.rect({kLeft, top}, width, kBar, series.looks, 3);
      svg.text({kLeft + width + 8, top + 14},
               fmt::format("{}{:.2f} s, {:.0f} %", one.at("noisy").get<bool>() ? "~" : "", seconds,
                           100 * one.at("share_of_peak").get<double>()),
               "small");
      top += kBar + 2;
    }
    y += kStep;
  }
  svg.text({20, y + 14},
           fmt::format("./workbook bench 12, {} threads, {}. A wave (~) stands before noisy times.",
                       machine.at("threads").get<int>(), machine.at("processor").get<std::string>()),
           "small fill-muted");
  return svg.str();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    fmt::print(stderr, "ladder_figure: expected one file of `bench 12 --json`, found {} arguments\n", count - 1);
    return 2;
  }
  try {
    std::ifstream file(arguments[1]);
    if (!file) throw std::runtime_error("cannot be read");
    fmt::print("{}", draw(nlohmann::json::parse(std::string(std::istreambuf_iterator<char>(file), {}))));
  } catch (const std::exception& error) {
    fmt::print(stderr, "ladder_figure: {}: {}\n", arguments[1], error.what());
    return 1;
  }
}
