// Draws docs/figures/call.svg: one call from a test to an implementation and back.

#include <fmt/core.h>

#include "common/figure/svg.h"

using namespace workbook::figure;

namespace {

constexpr double kChecker = 190, kWorker = 570;

void lane(Svg& svg, double x, const char* name, const char* what, const char* tint, const char* line) {
  svg.rect({x - 150, 24}, 300, 50, fmt::format("{} {}", tint, line), 8);
  svg.text({x, 45}, name, "bold middle");
  svg.text({x, 64}, what, "small middle fill-muted");
  svg.line({x, 74}, {x, 424}, fmt::format("{} dashed", line));
}

void message(Svg& svg, double y, bool to_worker, const char* words) {
  svg.arrow({to_worker ? kChecker : kWorker, y}, {to_worker ? kWorker : kChecker, y}, "line-ink");
  svg.text({(kChecker + kWorker) / 2, y - 7}, words, "small middle");
}

void step(Svg& svg, double x, double y, double height, const char* words, const char* more, const char* classes) {
  svg.rect({x - 140, y}, 280, height, classes, 6);
  svg.text({x, y + 20}, words, "small middle");
  svg.text({x, y + 37}, more, "small middle fill-muted");
}

}  // namespace

int main() {
  Svg svg(
      760, 460, "A call from a test to an implementation and back",
      "Two processes. The checker, with all tests and oracles, starts a fresh worker for a test case. The worker sets "
      "its limits and loads the plugin. The checker sends function and arguments; the worker calls the student's "
      "function on a measured stack and replies with result and evidence; the checker checks the reply and compares.");
  lane(svg, kChecker, "checker", "all tests, oracles, matchers", "tint-blue", "line-blue");
  lane(svg, kWorker, "worker", "one plugin, nothing else", "tint-orange", "line-orange");
  message(svg, 104, true, "start, a fresh one per test case");
  step(svg, kWorker, 116, 46, "limits first, then the plugin is loaded", "its static constructors run here",
       "fill-paper line-orange");
  message(svg, 188, false, "hello: which contract");
  message(svg, 224, true, "request: function, arguments");
  step(svg, kWorker, 236, 46, "your function", "measured: heap, stack, static data, reads",
       "tint-orange line-orange thick");
  message(svg, 308, false, "reply: result, evidence");
  step(svg, kChecker, 320, 46, "every length, shape and id is checked", "then result and evidence meet the oracle",
       "fill-paper line-blue");
  message(svg, 400, true, "end of the test case: kill");
  svg.text({kChecker, 442}, "verdict", "bold middle");
  fmt::print("{}", svg.str());
}
