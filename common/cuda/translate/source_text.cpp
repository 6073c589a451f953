#include "common/cuda/translate/source_text.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace workbook::cuda {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)); }

SourceText::SourceText(const std::string& text) : source(text), bare(text), code(text) {
  blank_text();
  find_directives();
}

void SourceText::blank_text() {
  const auto blank = [this](std::size_t first, std::size_t last, bool literal) {
    last = std::min(last, code.size());
    for (std::size_t i = first; i < last; ++i) {
      if (code[i] == '\n') continue;
      code[i] = ' ';
      if (!literal) bare[i] = ' ';
    }
    return last;
  };
  const auto line_end = [this](std::size_t at) {
    at = source.find('\n', at);
    while (at != npos && (source[at - 1] == '\\' || source.compare(at - 2, 2, "\\\r") == 0))
      at = source.find('\n', at + 1);
    return at;
  };
  const auto literal_end = [this](std::size_t at) {
    const char quote = source[at++];
    while (at < source.size() && source[at] != quote && source[at] != '\n') at += source[at] == '\\' ? 2 : 1;
    return at + 1;
  };
  /// Whether what stands before `end`, if it is a word, is a literal's prefix; else ' parts the digits of a number.
  const auto is_prefixed = [this](std::size_t end, std::initializer_list<std::string_view> prefixes) {
    std::size_t first = end;
    while (first > 0 && is_word(source[first - 1])) --first;
    return std::ranges::find(prefixes, std::string_view(source).substr(first, end - first)) != prefixes.end();
  };
  for (std::size_t i = 0; i < source.size();) {
    if (source.compare(i, 2, "//") == 0) {
      i = blank(i, line_end(i), false);
    } else if (source.compare(i, 2, "/*") == 0) {
      const std::size_t end = source.find("*/", i + 2);
      i = blank(i, end == npos ? end : end + 2, false);
    } else if (source[i] == '"' && is_prefixed(i, {"R", "LR", "uR", "UR", "u8R"})) {
      const std::size_t open = source.find('(', i);
      const std::string close = open == npos ? "\n" : ")" + source.substr(i + 1, open - i - 1) + "\"";
      const std::size_t end = source.find(close, i);
      i = blank(i, end == npos ? end : end + close.size(), true);
    } else if (source[i] == '"' || (source[i] == '\'' && is_prefixed(i, {"", "L", "u", "U", "u8"}))) {
      i = blank(i, literal_end(i), true);
    } else if (source[i] == '\\' && source.find_first_not_of(" \t\r", i + 1) == source.find('\n', i)) {
      i = blank(i, i + 1, false);
    } else {
      ++i;
    }
  }
}

void SourceText::find_directives() {
  structure = code;
  for (std::size_t line = 0; line < code.size();) {
    std::size_t end = std::min(code.find('\n', line), code.size());
    const std::size_t mark = code.find_first_not_of(" \t\r", line);
    if (mark < end && code[mark] == '#') {
      const auto continued = [&] {
        const std::size_t last = skip_blanks_back(source.substr(line, end - line), end - line) + line;
        return last > line && source[last - 1] == '\\' && bare[last - 1] == ' ';
      };
      while (end < code.size() && continued()) {
        line = end + 1;
        end = std::min(code.find('\n', line), code.size());
      }
      Directive directive{mark, end, {}, 0, {}, {}};
      const std::size_t name = code.find_first_not_of(" \t\r\n", mark + 1);
      directive.body = std::min(name, end);
      while (directive.body < end && is_word(code[directive.body])) ++directive.body;
      if (name < end) directive.name = code.substr(name, directive.body - name);
      if (directive.name == "define") read_macro(directive);
      for (std::size_t i = mark; i < end; ++i)
        if (code[i] != '\n') structure[i] = ' ';
      directives.push_back(directive);
    }
    line = end + 1;
  }
}

void SourceText::read_macro(Directive& directive) const {
  std::size_t at = std::min(skip_blanks(code, directive.body), directive.last);
  const std::size_t first = at;
  while (at < directive.last && is_word(code[at])) ++at;
  directive.macro = code.substr(first, at - first);
  if (at < directive.last && code[at] == '(') {
    const std::size_t close = closing(code, at);
    if (close < directive.last) {
      const std::string list = code.substr(at + 1, close - at - 1);
      for (const auto& [begin, end] : split(list, ','))
        directive.parameters.push_back(squeezed(list.substr(begin, end - begin)));
      at = close + 1;
    }
  }
  directive.body = at;
}

const Directive* SourceText::directive_at(std::size_t at) const {
  const auto after =
      std::ranges::upper_bound(directives, at, {}, [](const Directive& directive) { return directive.first; });
  if (after == directives.begin() || at >= std::prev(after)->last) return nullptr;
  return &*std::prev(after);
}

int SourceText::line_of(std::size_t at) const {
  return 1 + static_cast<int>(std::count(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

std::size_t find_word(const std::string& code, const std::string& word, std::size_t at, std::size_t end) {
  for (at = code.find(word, at); at < end && at != npos; at = code.find(word, at + 1))
    if ((at == 0 || !is_word(code[at - 1])) && (at + word.size() >= code.size() || !is_word(code[at + word.size()])))
      return at;
  return npos;
}

bool has_word(const std::string& code, const std::string& word) { return find_word(code, word) != npos; }

std::size_t word_begin(const std::string& code, std::size_t end) {
  while (end > 0 && (is_word(code[end - 1]) || (end > 1 && code.compare(end - 2, 2, "##") == 0)))
    end -= is_word(code[end - 1]) ? 1 : 2;
  return end;
}

std::size_t skip_blanks(const std::string& code, std::size_t at) {
  while (at < code.size() && is_blank(code[at])) ++at;
  return at;
}

std::size_t skip_blanks_back(const std::string& code, std::size_t end) {
  while (end > 0 && is_blank(code[end - 1])) --end;
  return end;
}

std::size_t opening(const std::string& code, std::size_t end, char open, char close) {
  int depth = 0, round = 0;
  for (std::size_t i = end; i-- > 0;) {
    if (code[i] == ';' || code[i] == '{') return npos;
    if (close == '>' && code[i] == ')') ++round;
    if (close == '>' && code[i] == '(') --round;
    if (round > 0) continue;
    if (code[i] == close) ++depth;
    if (code[i] == open && --depth == 0) return i;
  }
  return npos;
}

std::size_t closing(const std::string& code, std::size_t at, char open, char close) {
  for (int depth = 0; at < code.size(); ++at) {
    depth += code[at] == open ? 1 : code[at] == close ? -1 : 0;
    if (depth == 0) return at;
  }
  return npos;
}

std::vector<std::pair<std::size_t, std::size_t>> split(const std::string& code, char separator) {
  std::vector<std::pair<std::size_t, std::size_t>> parts;
  std::size_t first = 0;
  int depth = 0;
  for (std::size_t i = 0; i < code.size(); ++i) {
    depth += code[i] == '(' || code[i] == '[' || code[i] == '{';
    depth -= code[i] == ')' || code[i] == ']' || code[i] == '}';
    if (depth > 0 || code[i] != separator) continue;
    parts.emplace_back(first, i);
    first = i + 1;
  }
  parts.emplace_back(first, code.size());
  return parts;
}

std::size_t count_items(const std::string& list) {
  if (skip_blanks(list, 0) == list.size()) return 0;
  int depth = 0;
  std::size_t n = 1;
  for (const char c : list) {
    depth += c == '(' || c == '<' || c == '[' || c == '{';
    depth -= c == ')' || c == '>' || c == ']' || c == '}';
    n += depth == 0 && c == ',';
  }
  return n;
}

std::string squeezed(const std::string& text) {
  std::string result;
  for (const char c : text)
    if (!is_blank(c) || (!result.empty() && result.back() != ' ')) result += is_blank(c) ? ' ' : c;
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

std::string Edits::applied_to(const SourceText& text) {
  std::ranges::stable_sort(all_, {}, &Edit::from);
  std::string out;
  std::size_t copied = 0;
  for (const auto& [from, to, replacement] : all_) {
    if (from < copied) continue;  // within what is replaced already
    out += text.source.substr(copied, from - copied) + replacement;
    const auto lines = std::count(text.source.begin() + static_cast<std::ptrdiff_t>(from),
                                  text.source.begin() + static_cast<std::ptrdiff_t>(to), '\n');
    for (auto line = std::count(replacement.begin(), replacement.end(), '\n'); line < lines; ++line)
      out += text.directive_at(from) ? " \\\n" : "\n";
    copied = to;
  }
  return out + text.source.substr(copied);
}

}  // namespace workbook::cuda
