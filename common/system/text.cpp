#include "common/system/text.h"

#include <algorithm>
#include <cctype>
#include <numeric>

#include "common/system/utf8.h"

namespace workbook::system {

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string with_plain_line_ends(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!text.substr(i).starts_with("\r\n")) plain += text[i];
  return plain;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

bool has_word(std::string_view text, std::string_view name) {
  const auto part_of_word = [&](std::size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_');
  };
  for (auto at = text.find(name); at != text.npos; at = text.find(name, at + 1))
    if ((at == 0 || !part_of_word(at - 1)) && !part_of_word(at + name.size())) return true;
  return false;
}

int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string nearest(std::string_view wanted, const std::vector<std::string>& names) {
  std::string best;
  int distance = static_cast<int>(wanted.size()) / 2 + 1;
  for (const std::string& name : names)
    if (const int d = edit_distance(wanted, name); d < distance) {
      distance = d;
      best = name;
    }
  return best;
}

std::string padded(std::string_view text, int columns) {
  return std::string(text) + std::string(static_cast<std::size_t>(std::max(0, columns - width(text))), ' ');
}

namespace {

/// Words and code in backticks, each of which stays on one line.
std::vector<std::string> pieces(std::string_view text) {
  std::vector<std::string> words(1);
  bool code = false;
  for (const char c : text) {
    if (c == '`') code = !code;
    if (std::isspace(static_cast<unsigned char>(c)) != 0 && !code)
      words.emplace_back();
    else
      words.back() += c;
  }
  std::erase(words, "");
  return words;
}

}  // namespace

std::string wrapped(std::string_view text, int columns, int indent) {
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  std::string out = margin;
  int used = indent;
  for (const std::string& word : pieces(text)) {
    if (used > indent && used + 1 + width(word) > columns) {
      out += '\n' + margin;
      used = indent;
    } else if (used > indent) {
      out += ' ';
      ++used;
    }
    out += word;
    used += width(word);
  }
  return out;
}

std::string indented(std::string_view text, const std::string& margin) {
  constexpr int kWidth = 74;
  std::string result;
  for (std::string line : split_lines(text)) {
    while (width(line) > kWidth) {
      const std::size_t blank = line.rfind(' ', kWidth);
      if (blank == std::string::npos || line.find_first_not_of(' ') > blank) break;
      result += margin + line.substr(0, blank) + '\n';
      line = "  " + line.substr(blank + 1);
    }
    result += margin + line + '\n';
  }
  return result;
}

}  // namespace workbook::system
