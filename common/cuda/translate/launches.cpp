#include "common/cuda/translate/launches.h"

#include <algorithm>

#include "common/cuda/translate/refusals.h"

namespace workbook::cuda {
namespace {

/// Behind `count` of the same bracket from `at` on, blanks between them allowed or not; npos if they are not there.
std::size_t behind(const std::string& code, std::size_t at, char bracket, int count, bool spaced) {
  for (int i = 0; i < count; ++i) {
    if (i > 0 && spaced) at = skip_blanks(code, at);
    if (at >= code.size() || code[at] != bracket) return npos;
    ++at;
  }
  return at;
}

bool is_keyword(const std::string& word) {
  for (const char* keyword : {"return", "else", "do", "if", "while", "for", "switch", "case", "co_return", "throw"})
    if (word == keyword) return true;
  return false;
}

class Launches {
 public:
  Launches(const SourceText& text, const std::vector<Block>& blocks, const Known& known, Edits& edits)
      : text_(text), code_(text.code), blocks_(blocks), known_(known), edits_(edits) {}

  void run() {
    for (std::size_t at = code_.find('<'); at != npos; at = code_.find('<', at)) {
      const bool close = behind(code_, at, '<', 3, false) != npos;
      const std::size_t open = behind(code_, at, '<', 3, !close);
      const std::size_t after = open == npos ? npos : launch(at, open, !close);
      at = after == npos ? at + 1 : after;
    }
  }

 private:
  std::string word_before(std::size_t end) const {
    const std::size_t first = word_begin(code_, end);
    return code_.substr(first, end - first);
  }

  /// Whether the round bracket at `open` belongs to what stands before it, as in pick(x).
  bool is_call(std::size_t open) const {
    const std::size_t end = skip_blanks_back(code_, open);
    if (end == 0) return false;
    if (code_[end - 1] == ']' || code_[end - 1] == '>') return true;
    if (code_[end - 1] == ')') {
      const std::size_t first = opening(code_, end, '(', ')');
      return first != npos && !is_keyword(word_before(skip_blanks_back(code_, first)));
    }
    return is_word(code_[end - 1]) && !is_keyword(word_before(end));
  }

  /// Where the expression that names the kernel begins.
  std::size_t kernel_begin(std::size_t at) const {
    for (;;) {
      at = skip_blanks_back(code_, at);
      if (at > 0 && code_[at - 1] == ']') {
        at = opening(code_, at, '[', ']');
      } else if (at > 0 && code_[at - 1] == ')') {
        at = opening(code_, at, '(', ')');
        if (at != npos && !is_call(at)) return at;
      } else {
        if (at > 0 && code_[at - 1] == '>') {
          at = opening(code_, at, '<', '>');
          if (at == npos) return npos;
          at = skip_blanks_back(code_, at);
        }
        const std::size_t end = at;
        at = word_begin(code_, at);
        if (at == end || is_keyword(code_.substr(at, end - at))) return npos;
        const std::size_t before = skip_blanks_back(code_, at);
        const bool arrow = before >= 2 && code_.compare(before - 2, 2, "->") == 0;
        if (before >= 2 && code_.compare(before - 2, 2, "::") == 0) {
          at = before - 2;
          if (at == 0 || !(is_word(code_[at - 1]) || code_[at - 1] == '>')) return at;
        } else if (arrow || (before > 0 && code_[before - 1] == '.')) {
          at = before - (arrow ? 2 : 1);
        } else {
          return at;
        }
      }
      if (at == npos) return npos;
    }
  }

  /// Where the brackets stand that end a launch: arguments follow them.
  std::size_t launch_end(std::size_t at, bool spaced, std::size_t& after) const {
    int depth = 0;
    for (; at < code_.size() && code_[at] != ';'; ++at) {
      if (depth == 0 && code_[at] == '>') {
        after = behind(code_, at, '>', 3, spaced);
        const std::size_t arguments = after == npos ? npos : skip_blanks(code_, after);
        if (arguments < code_.size() && code_[arguments] == '(') return at;
      }
      depth += code_[at] == '(' || code_[at] == '[' || code_[at] == '{';
      depth -= code_[at] == ')' || code_[at] == ']' || code_[at] == '}';
      if (depth < 0) break;
    }
    return npos;
  }

  /// A template whose arguments are deduced has no address before it is called.
  bool is_deduced(const std::string& kernel) const {
    const std::size_t angle = kernel.find('<');
    const std::size_t last = skip_blanks_back(kernel, std::min(angle, kernel.size()));
    const std::size_t first = word_begin(kernel, last);
    const auto found = known_.kernel_templates.find(kernel.substr(first, last - first));
    if (found == known_.kernel_templates.end()) return false;
    if (angle == npos) return true;
    return count_items(kernel.substr(angle + 1, kernel.rfind('>') - angle - 1)) < found->second;
  }

  /// How reports call it: the argument's name where the kernel is a macro's parameter.
  std::string name_of(const std::string& kernel, std::size_t at) const {
    const std::string name = squeezed(kernel);
    if (const Directive* directive = text_.directive_at(at))
      if (std::ranges::find(directive->parameters, name) != directive->parameters.end()) return "#" + name;
    return "\"" + name + "\"";
  }

  /// A launch by a kernel: whether the function is one, or another of the device's.
  std::string refusal(std::size_t at) const {
    const Block* function = text_.directive_at(at) ? nullptr : function_at(blocks_, at);
    if (!function) return {};
    const std::string head = text_.structure.substr(function->head, function->open - function->head);
    const bool device = has_word(head, "__global__") || (has_word(head, "__device__") && !has_word(head, "__host__"));
    return device ? error_pragma(
                        "a kernel that launches a kernel (dynamic parallelism) is not simulated: launch both "
                        "from the host")
                  : "";
  }

  std::size_t launch(std::size_t at, std::size_t open, bool spaced) {
    const std::size_t first = kernel_begin(at);
    std::size_t after = npos, end = launch_end(open, spaced, after);
    if (end == npos) end = launch_end(open, !spaced, after);
    if (first == npos || first < copied_ || end == npos) return npos;
    const std::size_t last = skip_blanks_back(code_, at);
    const std::string kernel = code_.substr(first, last - first);
    const std::string name = squeezed(kernel);
    if (name == "operator" || name.ends_with(":operator") || is_in_condition(first)) return npos;
    std::string before = refusal(at) + "::workbook::cuda::launch(", behind_it;
    if (is_deduced(kernel)) {
      before += "[&](const auto&... workbook_arguments) { ";
      behind_it = "(workbook_arguments...); }";
    }
    edits_.insert(first, before);
    edits_.replace(last, open, behind_it + ", " + name_of(kernel, at) + ", ");
    edits_.replace(end, after, ")");
    copied_ = after;
    return open;
  }

  /// Only a macro's replacement is code.
  bool is_in_condition(std::size_t at) const {
    const Directive* directive = text_.directive_at(at);
    return directive && (directive->name != "define" || at < directive->body);
  }

  const SourceText& text_;
  const std::string& code_;
  const std::vector<Block>& blocks_;
  const Known& known_;
  Edits& edits_;
  std::size_t copied_ = 0;
};

}  // namespace

void find_kernel_templates(const SourceText& text, Known& known) {
  const std::string& code = text.code;
  for (std::size_t at = 0; (at = find_word(code, "__global__", at)) != npos; ++at) {
    const std::size_t end = skip_blanks_back(code, at);
    if (end == 0 || code[end - 1] != '>') continue;
    const std::size_t open = opening(code, end, '<', '>');
    if (open == npos) continue;
    std::size_t round = code.find('(', at);
    for (const char* word : {"__launch_bounds__", "__cluster_dims__"})
      if (const std::size_t bounds = find_word(code, word, at); bounds < round)
        round = code.find('(', std::min(closing(code, round), code.size()));
    if (round == npos) continue;
    const std::size_t last = skip_blanks_back(code, round), first = word_begin(code, last);
    known.kernel_templates[code.substr(first, last - first)] = count_items(code.substr(open + 1, end - open - 2));
  }
}

void translate_launches(const SourceText& text, const std::vector<Block>& blocks, const Known& known, Edits& edits) {
  Launches(text, blocks, known, edits).run();
}

}  // namespace workbook::cuda
