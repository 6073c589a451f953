#include "common/cuda/translate/translate.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

namespace workbook::cuda {
namespace {

constexpr std::size_t npos = std::string::npos;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)); }

/// The source with comments and literals blanked out, so that what is left can be searched. Same length, same lines.
std::string without_text(const std::string& source) {
  std::string code = source;
  const auto blank = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < std::min(last, code.size()); ++i)
      if (code[i] != '\n') code[i] = ' ';
    return std::min(last, code.size());
  };
  const auto end_of_literal = [&](std::size_t at) {
    const char quote = source[at++];
    while (at < source.size() && source[at] != quote && source[at] != '\n') at += source[at] == '\\' ? 2 : 1;
    return at + 1;
  };
  for (std::size_t i = 0; i < source.size();) {
    if (source.compare(i, 2, "//") == 0) {
      i = blank(i, source.find('\n', i));
    } else if (source.compare(i, 2, "/*") == 0) {
      const std::size_t end = source.find("*/", i + 2);
      i = blank(i, end == npos ? end : end + 2);
    } else if (source.compare(i, 2, "R\"") == 0 && (i == 0 || !is_word(source[i - 1]))) {
      const std::size_t open = source.find('(', i);
      const std::string close = ")" + source.substr(i + 2, open - i - 2) + "\"";
      const std::size_t end = source.find(close, open);
      i = blank(i, end == npos ? end : end + close.size());
    } else if (source[i] == '"' || (source[i] == '\'' && (i == 0 || !is_word(source[i - 1])))) {
      i = blank(i, end_of_literal(i));
    } else {
      ++i;
    }
  }
  return code;
}

int line_of(const std::string& code, std::size_t at) {
  return 1 + static_cast<int>(std::count(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

/// Position of `word` as a whole word, from `at` on.
std::size_t find_word(const std::string& code, const std::string& word, std::size_t at) {
  for (at = code.find(word, at); at != npos; at = code.find(word, at + 1))
    if ((at == 0 || !is_word(code[at - 1])) && (at + word.size() >= code.size() || !is_word(code[at + word.size()])))
      return at;
  return npos;
}

std::size_t skip_blanks(const std::string& code, std::size_t at) {
  while (at < code.size() && is_blank(code[at])) ++at;
  return at;
}
std::size_t skip_blanks_back(const std::string& code, std::size_t end) {
  while (end > 0 && is_blank(code[end - 1])) --end;
  return end;
}

/// Where the bracket that closes just before `end` opens; npos if none does.
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

/// Items between commas of a bracketed list's inside.
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

class Translator {
 public:
  explicit Translator(const std::string& source) : source_(source), code_(without_text(source)) {}

  std::string run() {
    refuse_assembly();
    find_kernel_templates();
    for (std::size_t at = 0; at < code_.size();) at = step(at);
    return out_ + source_.substr(copied_);
  }

 private:
  void refuse_assembly() const {
    for (const char* word : {"asm", "__asm__"})
      if (const std::size_t at = find_word(code_, word, 0); at != npos)
        throw NotSimulated(line_of(code_, at),
                           "inline PTX is not simulated; the wrappers in common/cuda/include/workbook_ptx.h are");
  }

  /// Names of __global__ templates, and how many parameters each has.
  void find_kernel_templates() {
    for (std::size_t at = 0; (at = find_word(code_, "__global__", at)) != npos; ++at) {
      const std::size_t end = skip_blanks_back(code_, at);
      if (end == 0 || code_[end - 1] != '>') continue;
      const std::size_t open = opening(code_, end, '<', '>');
      if (open == npos) continue;
      std::size_t round = code_.find('(', at);
      if (const std::size_t bounds = find_word(code_, "__launch_bounds__", at); bounds < round)
        round = code_.find('(', code_.find(')', round));
      if (round == npos) continue;
      const std::size_t last = skip_blanks_back(code_, round);
      std::size_t first = last;
      while (first > 0 && is_word(code_[first - 1])) --first;
      templates_[code_.substr(first, last - first)] = count_items(code_.substr(open + 1, end - open - 2));
    }
  }

  std::size_t step(std::size_t at) {
    const char c = code_[at];
    if (c == '{') {
      open_brace(at);
    } else if (c == '}') {
      if (!braces_.empty()) braces_.pop_back();
    } else if (code_.compare(at, 3, "<<<") == 0) {
      return launch(at);
    } else if (c == 'e' && find_word(code_.substr(at, 7), "extern", 0) == 0 && (at == 0 || !is_word(code_[at - 1]))) {
      return external(at);
    } else if (c == '_' && find_word(code_.substr(at, kBounds.size() + 1), std::string(kBounds), 0) == 0) {
      note_bounds(at);
    } else if (c == '_' && code_.compare(at, kNoInline.size(), kNoInline) == 0) {
      emit(at, at + kNoInline.size(), "__attribute__((noinline))");  // no macro: the C++ library uses the word itself
      return at + kNoInline.size();
    }
    return at + 1;
  }

  /// __launch_bounds__(most, ...): remembers what to check, and the kernel's brace where to do it.
  void note_bounds(std::size_t at) {
    const std::size_t open = code_.find('(', at), last = closing(open);
    if (open == npos || last == npos) return;
    const std::size_t parameters = code_.find('(', last), end = closing(parameters);
    if (parameters == npos || end == npos) return;
    const std::size_t body = code_.find_first_of(";{", end);
    if (body == npos || code_[body] == ';') return;
    bounds_[body] = squeezed(code_.substr(open, last + 1 - open));
  }

  /// Where the round bracket that opens at `at` closes.
  std::size_t closing(std::size_t at) const {
    for (int depth = 0; at < code_.size(); ++at) {
      depth += code_[at] == '(' ? 1 : code_[at] == ')' ? -1 : 0;
      if (depth == 0) return at;
    }
    return npos;
  }

  void open_brace(std::size_t at) {
    if (const auto found = bounds_.find(at); found != bounds_.end())
      emit(at, at + 1, "{ ::workbook::cuda::check_launch_bounds" + found->second + ";");
    const std::size_t before = code_.find_last_of(";{}", at == 0 ? 0 : at - 1);
    const std::string head = code_.substr(before == npos ? 0 : before + 1, at - (before == npos ? 0 : before + 1));
    const bool scope =
        find_word(head, "namespace", 0) != npos || (find_word(head, "extern", 0) != npos && head.find('(') == npos);
    braces_.push_back(!scope);
  }

  void emit(std::size_t from, std::size_t to, const std::string& text) {
    out_ += source_.substr(copied_, from - copied_) + text;
    const auto newlines = std::count(source_.begin() + static_cast<std::ptrdiff_t>(from),
                                     source_.begin() + static_cast<std::ptrdiff_t>(to), '\n') -
                          std::count(text.begin(), text.end(), '\n');
    out_ += std::string(static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, newlines)), '\n');
    copied_ = to;
  }

  /// extern __shared__ T name[];
  std::size_t external(std::size_t at) {
    const std::size_t end = code_.find(';', at);
    if (end == npos) return at + 1;
    std::string declaration = code_.substr(at, end - at);
    const std::size_t shared = find_word(declaration, "__shared__", 0);
    if (shared == npos || declaration.find('{') != npos) return at + 1;
    for (const char* word : {"extern", "__shared__"})
      declaration.replace(find_word(declaration, word, 0), std::string(word).size(), "");
    for (const char* word : {"__align__", "alignas"})
      if (const std::size_t found = find_word(declaration, word, 0); found != npos)
        declaration.erase(found, declaration.find(')', found) + 1 - found);
    const std::size_t bracket = declaration.find('[');
    if (bracket == npos) return at + 1;
    const std::size_t last = skip_blanks_back(declaration, bracket);
    std::size_t first = last;
    while (first > 0 && is_word(declaration[first - 1])) --first;
    const std::string name = declaration.substr(first, last - first);
    const std::string type = squeezed(declaration.substr(0, first));
    const bool inside = std::find(braces_.begin(), braces_.end(), true) != braces_.end();
    emit(at, end,
         inside ? type + "* const " + name + " = ::workbook::cuda::dynamic_shared<" + type + ">()"
                : "[[maybe_unused]] static constexpr ::workbook::cuda::DynamicShared<" + type + "> " + name + "{}");
    return end;
  }

  /// Where the expression that names the kernel begins.
  std::size_t kernel_begin(std::size_t end) const {
    std::size_t at = end;
    for (;;) {
      at = skip_blanks_back(code_, at);
      if (at > 0 && code_[at - 1] == '>') {
        const std::size_t open = opening(code_, at, '<', '>');
        if (open == npos) return npos;
        at = skip_blanks_back(code_, open);
      }
      if (at > 0 && code_[at - 1] == ')') return opening(code_, at, '(', ')');
      const std::size_t name_end = at;
      while (at > 0 && is_word(code_[at - 1])) --at;
      if (at == name_end) return npos;
      const std::size_t before = skip_blanks_back(code_, at);
      if (before < 2 || code_.compare(before - 2, 2, "::") != 0) return at;
      at = before - 2;
      if (at == 0 || !(is_word(code_[at - 1]) || code_[at - 1] == '>')) return at;
    }
  }

  /// Where the >>> of a launch stands.
  std::size_t launch_end(std::size_t at) const {
    int depth = 0;
    for (; at < code_.size() && code_[at] != ';'; ++at) {
      if (depth == 0 && code_.compare(at, 3, ">>>") == 0) return at;
      depth += code_[at] == '(' || code_[at] == '[' || code_[at] == '{';
      depth -= code_[at] == ')' || code_[at] == ']' || code_[at] == '}';
    }
    return npos;
  }

  /// A template whose arguments are deduced has no address before it is called.
  bool is_deduced(const std::string& kernel) const {
    const std::size_t angle = kernel.find('<');
    const std::string plain = squeezed(kernel.substr(0, angle));
    std::size_t first = plain.size();
    while (first > 0 && plain[first - 1] == ' ') --first;
    const std::size_t last = first;
    while (first > 0 && is_word(plain[first - 1])) --first;
    const auto known = templates_.find(plain.substr(first, last - first));
    if (known == templates_.end()) return false;
    if (angle == npos) return true;
    return count_items(kernel.substr(angle + 1, kernel.rfind('>') - angle - 1)) < known->second;
  }

  std::size_t launch(std::size_t at) {
    const std::size_t first = kernel_begin(at), end = launch_end(at + 3);
    if (first == npos || first < copied_ || end == npos) return at + 3;
    const std::string kernel = source_.substr(first, skip_blanks_back(code_, at) - first);
    const std::string name = squeezed(kernel);
    const std::string callee = is_deduced(code_.substr(first, kernel.size()))
                                   ? "[&](const auto&... workbook_arguments) { " + kernel + "(workbook_arguments...); }"
                                   : kernel;
    emit(first, end + 3,
         "::workbook::cuda::launch(" + callee + ", \"" + name + "\", " + source_.substr(at + 3, end - at - 3) + ")");
    return end + 3;
  }

  static constexpr std::string_view kNoInline = "__noinline__", kBounds = "__launch_bounds__";

  const std::string& source_;
  std::string code_, out_;
  std::size_t copied_ = 0;
  std::vector<bool> braces_;  ///< for each open brace: is it code, not a namespace?
  std::map<std::string, std::size_t> templates_;
  std::map<std::size_t, std::string> bounds_;  ///< by the brace of the kernel's body
};

}  // namespace

std::string translate(const std::string& source) { return Translator(source).run(); }

}  // namespace workbook::cuda
