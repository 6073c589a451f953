#include "common/cli/study/prediction_mark.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "common/system/text.h"

namespace workbook::cli::study {

namespace {

struct Value {
  double number = 0;
  double unit = 0;   ///< 1024 of "3 KiB"; 0: none is written
  double digit = 1;  ///< what one more of the last digit is worth

  double amount(double usual_unit) const { return number * (unit > 0 ? unit : usual_unit); }
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

/// How many bytes "MiB" are, or how many "M" are. 0 for other words.
double unit_named(std::string_view word) {
  if (word == "b" || word == "byte" || word == "bytes") return 1;
  if (word.ends_with('b')) word.remove_suffix(1);
  const bool binary = word.ends_with('i');
  if (binary) word.remove_suffix(1);
  const auto power = word.size() == 1 ? std::string_view("kmgt").find(word[0]) : std::string_view::npos;
  return power == std::string_view::npos ? 0 : std::pow(binary ? 1024 : 1000, static_cast<double>(power) + 1);
}

std::optional<double> number_named(std::string_view word) {
  static const std::map<std::string_view, double> numbers{{"none", 0},
                                                          {"nothing", 0},
                                                          {"zero", 0},
                                                          {"one", 1},
                                                          {"two", 2},
                                                          {"three", 3},
                                                          {"four", 4},
                                                          {"five", 5},
                                                          {"six", 6},
                                                          {"seven", 7},
                                                          {"eight", 8},
                                                          {"inf", std::numeric_limits<double>::infinity()},
                                                          {"nan", std::numeric_limits<double>::quiet_NaN()}};
  const auto found = numbers.find(word);
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

/// "1 048 576" and "1,048,576" as "1048576", and "1,25" as "1.25": for a text that tells one number.
std::string without_groups(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool between = i > 0 && is_digit(text[i - 1]) && i + 1 < text.size() && is_digit(text[i + 1]);
    if (!between || (text[i] != ',' && text[i] != ' ')) {
      plain += text[i];
      continue;
    }
    const auto end = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(i) + 1, text.end(), is_digit);
    const bool group = end - text.begin() == static_cast<std::ptrdiff_t>(i) + 4;
    if (!group) plain += text[i] == ',' ? '.' : ' ';
  }
  return plain;
}

/// The numbers of a text in small letters, in their order.
std::vector<Value> values_in(std::string_view text) {
  std::vector<Value> values;
  bool after_number = false;
  while (!text.empty()) {
    std::size_t length = 1;
    if (is_digit(text[0]) || (text[0] == '.' && text.size() > 1 && is_digit(text[1]))) {
      Value value;
      length = static_cast<std::size_t>(std::from_chars(text.data(), text.data() + text.size(), value.number).ptr -
                                        text.data());
      const auto written = text.substr(0, length);
      if (const auto point = written.find('.'); point != written.npos && written.find('e') == written.npos)
        value.digit = std::pow(10, -static_cast<double>(length - point - 1));
      values.push_back(value);
      after_number = true;
    } else if (is_letter(text[0])) {
      length = static_cast<std::size_t>(std::ranges::find_if_not(text, is_letter) - text.begin());
      const auto word = text.substr(0, length);
      if (const double unit = after_number ? unit_named(word) : 0; unit > 0)
        values.back().unit = unit;
      else if (const auto number = number_named(word))
        values.push_back({.number = *number});
      after_number = false;
    } else if (text[0] != ' ') {
      after_number = false;
    }
    text.remove_prefix(length);
  }
  return values;
}

Mark compared(const Value& mine, const Value& answer) {
  const double unit = answer.unit > 0 ? answer.unit : 1;
  const double expected = answer.amount(unit), off = std::abs(mine.amount(unit) - expected);
  if (std::isnan(expected)) return std::isnan(mine.number) ? Mark::right : Mark::wrong;
  if (std::isinf(expected)) return mine.number == answer.number ? Mark::right : Mark::wrong;
  // A whole number is not rounded: 135 is not 136.
  const double rounding = answer.digit < 1 || answer.unit > 0 ? std::min(answer.digit * unit / 2, expected / 100) : 0;
  return off <= rounding ? Mark::right : off <= expected / 10 ? Mark::near : Mark::wrong;
}

}  // namespace

std::optional<Mark> mark_of(std::string_view prediction, std::string_view answer) {
  std::string mine = system::lower(prediction);
  const std::vector<Value> expected = values_in(system::lower(answer));
  if (expected.size() == 1) mine = without_groups(mine);
  const std::vector<Value> found = values_in(mine);
  if (expected.empty() || found.empty() || (expected.size() == 1 && found.size() > 1)) return std::nullopt;
  if (found.size() != expected.size()) return Mark::wrong;
  Mark mark = Mark::right;
  for (std::size_t i = 0; i < found.size(); ++i) mark = std::max(mark, compared(found[i], expected[i]));
  return mark;
}

std::string_view name(Mark mark) { return mark == Mark::right ? "right" : mark == Mark::near ? "near" : "wrong"; }

}  // namespace workbook::cli::study
