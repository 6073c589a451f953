/// The plots of the class.

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>

#include "common/figure/svg.h"
#include "common/grading/exports/exports.h"
#include "common/grading/exports/page.h"

namespace workbook::grading {

namespace {

using figure::Svg;

/// `text` in at most so many characters of plain ASCII, others as '?': drawn text must not run into the bars.
std::string label(std::string_view text, std::size_t most) {
  std::string plain;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) plain += c >= 0x20 && c < 0x7f ? c : '?';
  return plain.size() <= most ? plain : plain.substr(0, most - 3) + "...";
}

struct Part {
  const char* name;
  const char* classes;
};
constexpr std::array<Part, 5> kParts{{{"passed", "fill-green"},
                                      {"failed", "fill-orange"},
                                      {"crashed, timed out, out of memory", "fill-red"},
                                      {"does not compile", "fill-purple"},
                                      {"not started or not handed in", "fill-faint"}}};

std::size_t part_of(const ShownTest& test) {
  if (test.ending == Ending::passed) return 0;
  if (test.category == "does not compile") return 3;
  if (test.ending == Ending::error) return 2;
  return test.category == "not started" || test.category == "not handed in" || test.ending == Ending::skipped ? 4 : 1;
}

/// For each test of the lesson, how many students are in each part.
std::vector<std::array<int, kParts.size()>> count_parts(const Gradebook& book, std::size_t lesson) {
  std::vector<std::array<int, kParts.size()>> counts(book.lessons[lesson].tests.size());
  for (const StudentGrade& student : book.students) {
    const auto tests = shown_tests(book.lessons[lesson], student.lessons[lesson], Audience::instructor);
    for (std::size_t t = 0; t < tests.size(); ++t) ++counts[t].at(part_of(tests[t]));
  }
  return counts;
}

void draw_legend(Svg& svg, double y) {
  constexpr std::array<double, kParts.size()> kColumns{20, 105, 185, 430, 560};
  for (std::size_t p = 0; p < kParts.size(); ++p) {
    svg.rect({kColumns.at(p), y - 9}, 10, 10, kParts.at(p).classes, 2);
    svg.text({kColumns.at(p) + 15, y}, kParts.at(p).name, "small fill-muted");
  }
}

}  // namespace

std::string histogram_svg(const Gradebook& book) {
  constexpr int kBins = 10;
  std::array<int, kBins> bins{};
  int students = 0;
  for (const StudentGrade& student : book.students) {
    if (!student.has_total() || student.max == 0) continue;
    ++bins.at(static_cast<std::size_t>(std::min<Hundredths>(kBins - 1, kBins * student.score / student.max)));
    ++students;
  }
  const int most = std::max(1, *std::ranges::max_element(bins));
  Svg svg(760, 260, "Scores of the class",
          fmt::format("How many of {} students reached each tenth of the points.", students));
  constexpr double kLeft = 40, kWidth = 680, kBase = 205, kHeight = 150;
  svg.text({20, 28}, "Students by share of the points", "bold");
  for (int b = 0; b < kBins; ++b) {
    const int count = bins.at(static_cast<std::size_t>(b));
    const double x = kLeft + kWidth * b / kBins, height = kHeight * count / most;
    if (count != 0) {
      svg.rect({x + 3, kBase - height}, kWidth / kBins - 6, height, "fill-blue", 3);
      svg.text({x + kWidth / kBins / 2, kBase - height - 6}, std::to_string(count), "small middle");
    }
    svg.text({x, kBase + 20}, fmt::format("{}", b * 10), "small middle fill-muted");
  }
  svg.text({kLeft + kWidth, kBase + 20}, "100 %", "small middle fill-muted");
  svg.line({kLeft, kBase}, {kLeft + kWidth, kBase}, "line-muted");
  return svg.str();
}

std::string tests_svg(const Gradebook& book, std::size_t lesson) {
  const auto counts = count_parts(book, lesson);
  const auto& tests = book.lessons[lesson].tests;
  constexpr double kRow = 22, kTop = 60, kLeft = 400, kWidth = 280;
  const double students = std::max<double>(1, static_cast<double>(book.students.size()));
  Svg svg(760, kTop + kRow * static_cast<double>(tests.size()) + 16, "Tests of " + book.lessons[lesson].id,
          "For each test, the share of students who passed, failed, crashed, did not compile or did not start.");
  svg.text({20, 26}, label(book.lessons[lesson].id, 60), "bold");
  draw_legend(svg, 46);
  for (std::size_t t = 0; t < tests.size(); ++t) {
    const double y = kTop + kRow * static_cast<double>(t);
    svg.text({20, y + 14}, label((tests[t].hidden() ? "[hidden] " : "") + tests[t].name, 56), "small");
    double x = kLeft;
    for (std::size_t p = 0; p < kParts.size(); ++p) {
      const double width = kWidth * counts[t].at(p) / students;
      if (width > 0) svg.rect({x, y + 3}, width, kRow - 7, kParts.at(p).classes);
      x += width;
    }
    svg.text({740, y + 14}, fmt::format("{:.0f} %", 100 * counts[t][0] / students), "small end");
  }
  return svg.str();
}

std::string timing_svg(std::vector<Slow> all) {
  constexpr std::size_t kMost = 10;
  constexpr double kRow = 22, kTop = 45, kLeft = 330, kWidth = 330;
  std::ranges::sort(all, [](const Slow& a, const Slow& b) { return a.seconds > b.seconds; });
  if (all.size() > kMost) all.resize(kMost);
  const double most = all.empty() ? 1 : std::max(1e-3, all.front().seconds);
  Svg svg(760, kTop + kRow * static_cast<double>(std::max<std::size_t>(1, all.size())) + 12, "The slowest",
          "The submitted lessons that took longest to compile and judge.");
  svg.text({20, 26}, "The slowest, compile included", "bold");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double y = kTop + kRow * static_cast<double>(i);
    svg.text({20, y + 14}, label(all[i].name, 45), "small");
    svg.rect({kLeft, y + 3}, kWidth * all[i].seconds / most, kRow - 7, "fill-blue", 2);
    svg.text({740, y + 14}, fmt::format("{:.1f} s", all[i].seconds), "small end");
  }
  return svg.str();
}

}  // namespace workbook::grading
