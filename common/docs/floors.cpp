// Draws docs/figures/floors.svg: the floors of common/, and the way of one call through them.

#include <array>

#include <fmt/core.h>

#include "common/figure/svg.h"

using namespace workbook::figure;

namespace {

struct Floor {
  const char *name, *holds, *call, *tint;  ///< call: what happens there during one call; "" for nothing
};

constexpr std::array<Floor, 16> kFloors{{
    {"cli", "the commands of ./workbook", "1  builds the plugin, starts the checker", "tint-purple line-purple"},
    {"grading", "submissions, sandbox, scores, releases", "", "tint-purple line-purple"},
    {"edition", "what an edition knows of itself", "", "tint-purple line-purple"},
    {"workspace", "lessons, builds, what is remembered", "", "tint-purple line-purple"},
    {"mistake", "a wrong solution as a diff", "", "tint-purple line-purple"},
    {"bench", "verifies a layer, then times it", "", "tint-purple line-purple"},
    {"options", "what can be asked of bench and grading", "", "tint-purple line-purple"},
    {"figure", "SVG", "", "tint-purple line-purple"},
    {"checker", "student<f>, matchers, failure text", "2  a test calls student<f>(q, k, v)", "tint-blue line-blue"},
    {"oracle", "naive references in double", "6  says what f should have returned", "tint-blue line-blue"},
    {"worker", "loads a plugin, limits, meters", "4  runs f on a measured stack", "tint-orange line-orange"},
    {"contract", "what crosses between processes", "3, 5  arguments and results as bytes", "tint-orange line-orange"},
    {"cuda", "device buffers, the simulator", "", "tint-green line-green"},
    {"tensor", "arrays, views, products, comparison", "", "tint-green line-green"},
    {"report", "verdicts, and the record of a run", "", "tint-green line-green"},
    {"system", "processes, files, text, hashing, time", "", "tint-green line-green"},
}};

constexpr double kTop = 56, kHeight = 32, kStep = 36;

double middle(int floor) { return kTop + kStep * floor + kHeight / 2; }

}  // namespace

int main() {
  Svg svg(760, 664, "The floors of common, and the way of one call",
          "Sixteen folders in a stack, of which each includes only those below it: cli, grading, edition, workspace, "
          "mistake, bench, options, figure, checker, oracle, worker, contract, cuda, tensor, report, system. During a "
          "call the "
          "command line starts the checker, a "
          "test calls student f, the contract carries the arguments to the worker, the worker runs f, the contract "
          "carries the result back, and the checker compares it with the oracle.");
  svg.text({20, 34}, "floor of common/", "bold");
  svg.text({470, 34}, "during one call", "bold");
  for (int i = 0; i < static_cast<int>(kFloors.size()); ++i) {
    const Floor& floor = kFloors.at(static_cast<std::size_t>(i));
    svg.rect({16, kTop + kStep * i}, 400, kHeight, floor.tint, 5);
    svg.text({30, middle(i) + 5}, floor.name, "bold");
    svg.text({128, middle(i) + 5}, floor.holds, "small");
    svg.text({470, middle(i) + 5}, floor.call, "small");
  }
  svg.arrow({436, middle(0)}, {436, middle(8) - 4});        // starts the checker
  svg.arrow({436, middle(8) + 6}, {436, middle(11) - 2});   // the arguments go down
  svg.arrow({450, middle(11) - 2}, {450, middle(10) + 6});  // and reach the worker
  svg.text({20, 654}, "A file includes headers of its own floor and of those below.", "small fill-muted");
  fmt::print("{}", svg.str());
}
