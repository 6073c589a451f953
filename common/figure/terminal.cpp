/// Turns what a program printed on a terminal into a picture: ANSI text on stdin, SVG on stdout.
///
///     terminal_figure TITLE DESCRIPTION < text > picture.svg

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "common/figure/svg.h"
#include "common/system/utf8.h"

namespace {

using workbook::figure::Svg;

constexpr double kColumn = 8.43, kLine = 19, kMargin = 16;

/// A piece of a line in one colour.
struct Run {
  std::string text;
  std::string ink;
};

std::size_t columns(std::string_view utf8) { return static_cast<std::size_t>(workbook::system::width(utf8)); }

/// The class for the numbers of an escape sequence "1;31".
std::string ink_of(const std::string& codes, const std::string& before) {
  if (codes.empty() || codes == "0") return "fill-ink";
  if (codes == "1") return before + " bold";
  if (codes == "2") return "fill-muted";
  if (codes == "31") return "fill-red bold";
  if (codes == "32") return "fill-green bold";
  if (codes == "33") return "fill-orange";
  return before;
}

std::vector<Run> runs_of(const std::string& line) {
  std::vector<Run> runs{{"", "fill-ink"}};
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::size_t end = line.compare(i, 2, "\033[") == 0 ? line.find('m', i) : std::string::npos;
    if (end == std::string::npos) {
      runs.back().text += line[i];
      continue;
    }
    runs.push_back({"", ink_of(line.substr(i + 2, end - i - 2), runs.back().ink)});
    i = end;
  }
  return runs;
}

void draw(Svg& svg, const std::vector<std::string>& lines) {
  for (std::size_t row = 0; row < lines.size(); ++row) {
    std::size_t column = 0;
    for (const Run& run : runs_of(lines[row])) {
      // A run is drawn word by word, each at its own column: fonts differ in the width of what is not ASCII.
      for (std::size_t at = 0; at < run.text.size();) {
        const std::size_t start = run.text.find_first_not_of(' ', at);
        if (start == std::string::npos) break;
        const std::size_t end = std::min(run.text.find(' ', start), run.text.size());
        const double x = kMargin + kColumn * static_cast<double>(column + columns(run.text.substr(0, start)));
        svg.text({x, 2 * kMargin + kLine * static_cast<double>(row)}, run.text.substr(start, end - start),
                 "mono " + run.ink);
        at = end;
      }
      column += columns(run.text);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: terminal_figure TITLE DESCRIPTION < text > picture.svg\n";
    return 2;
  }
  std::vector<std::string> lines;
  std::size_t widest = 0;
  for (std::string line; std::getline(std::cin, line); lines.push_back(line)) {
    std::size_t width = 0;
    for (const Run& run : runs_of(line)) width += columns(run.text);
    widest = std::max(widest, width);
  }
  Svg svg(2 * kMargin + kColumn * static_cast<double>(widest), 2 * kMargin + kLine * static_cast<double>(lines.size()),
          argv[1], argv[2]);
  draw(svg, lines);
  std::cout << svg.str();
}
