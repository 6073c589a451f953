#include "common/cuda/translate/shared_memory.h"

#include <algorithm>
#include <optional>

namespace workbook::cuda {
namespace {

constexpr const char* kAlignments[] = {"__align__", "alignas", "__attribute__"};

void erase_word(std::string& text, const std::string& word) {
  while (true) {
    const std::size_t at = find_word(text, word);
    if (at == npos) return;
    text.erase(at, word.size());
  }
}

/// Without alignment, which dynamic shared memory has enough of.
void erase_alignments(std::string& text) {
  for (const std::string word : kAlignments)
    for (std::size_t at = 0; (at = find_word(text, word, at)) != npos;) {
      const std::size_t open = skip_blanks(text, at + word.size()), close = closing(text, open);
      text.erase(at, open < text.size() && text[open] == '(' && close != npos ? close + 1 - at : word.size());
    }
  if (const std::size_t open = text.find("[["), close = text.find("]]"); open != npos && close != npos && open < close)
    text.erase(open, close + 2 - open);
}

/// Commas of template arguments separate no declarators.
std::vector<std::string> declarators(const std::string& text) {
  std::vector<std::string> all{""};
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' || c == '<' || c == '[' || c == '{';
    depth -= c == ')' || c == '>' || c == ']' || c == '}';
    if (depth == 0 && c == ',')
      all.emplace_back();
    else
      all.back() += c;
  }
  return all;
}

/// What is declared instead of the variables of `declaration`, whose specifiers are left out; none if it is no such
/// one.
std::vector<DynamicShared> dynamic_variables(const std::string& declaration) {
  std::vector<DynamicShared> variables;
  std::string type;
  for (const std::string& text : declarators(declaration)) {
    int depth = 0;
    std::size_t bracket = 0;
    for (; bracket < text.size() && (depth > 0 || text[bracket] != '['); ++bracket)
      depth += text[bracket] == '<' || text[bracket] == '(' ? 1 : text[bracket] == '>' || text[bracket] == ')' ? -1 : 0;
    const bool array = bracket < text.size();
    const std::size_t last = skip_blanks_back(text, bracket), first = word_begin(text, last);
    if (variables.empty()) type = squeezed(text.substr(0, first));
    const std::string name = text.substr(first, last - first);
    const std::size_t rows = array ? closing(text, bracket, '[', ']') : npos;
    if (name.empty() || type.empty() || (array && rows == npos)) return {};
    const std::string element = array ? type + squeezed(text.substr(rows + 1)) : type;
    const std::string memory = "::workbook::cuda::dynamic_shared<" + element + ">()";
    variables.push_back({name, (array ? "auto* const " + name + " = " : "auto& " + name + " = *") + memory});
  }
  return variables;
}

class SharedMemory {
 public:
  SharedMemory(const SourceText& text, const std::vector<Block>& blocks, Known& known, Edits& edits)
      : text_(text), code_(text.code), blocks_(blocks), known_(known), edits_(edits) {}

  void run() {
    for (std::size_t at = 0; at < code_.size();) {
      std::size_t end = at;
      while (end < code_.size() && is_word(code_[end])) ++end;
      const std::string word = code_.substr(at, end - at);
      if (word == "__shared__" || known_.shared_macros.contains(word))
        at = declaration(at, end);
      else
        at = std::max(end, at + 1);
    }
    for (const Block& block : blocks_)
      if (block.kind == Block::function && block.close != npos) declare_in(block);
  }

 private:
  struct Place {
    std::size_t first, last;
    bool in_argument = false;  ///< of a macro, which may put it anywhere
  };

  /// Of the declaration that the word at `at` is a part of.
  std::optional<Place> place_of(std::size_t at) const {
    Place place{0, npos};
    if (const Directive* directive = text_.directive_at(at)) {
      if (directive->name != "define" || at < directive->body) return {};
      const std::size_t before = code_.find_last_of(";{}", at), end = code_.find(';', at);
      place = {before == npos ? directive->body : std::max(directive->body, before + 1),
               end < directive->last ? end : skip_blanks_back(code_, directive->last)};
    } else {
      const std::size_t before = text_.structure.find_last_of(";{}", at);
      place = {before == npos ? 0 : before + 1, text_.structure.find(';', at)};
      for (const Directive& other : text_.directives) {
        if (other.first < at) place.first = std::max(place.first, other.last);
        if (other.first > at && other.first < place.last) return {};
      }
      if (place.last == npos) return {};
    }
    narrow(place, at);
    place.first = skip_blanks(code_, place.first);
    return place;
  }

  /// To what stands behind a label, or to one argument of a macro.
  void narrow(Place& place, std::size_t at) const {
    std::vector<std::size_t> open;  ///< where the arguments begin that are not closed
    for (std::size_t i = place.first; i < at; ++i) {
      if (code_[i] == '(') open.push_back(i + 1);
      if (code_[i] == ')' && !open.empty()) open.pop_back();
      if (code_[i] == ',' && !open.empty()) open.back() = i + 1;
      if (code_[i] == ':' && open.empty() && (i == 0 || code_[i - 1] != ':') && code_[i + 1] != ':')
        place.first = i + 1;
    }
    if (open.empty()) return;
    place.first = open.back();
    place.in_argument = true;
    int depth = 0;
    for (std::size_t i = at; i < place.last; ++i) {
      if (depth == 0 && (code_[i] == ',' || code_[i] == ')')) place.last = i;
      depth += code_[i] == '(' || code_[i] == '[' || code_[i] == '{';
      depth -= code_[i] == ')' || code_[i] == ']' || code_[i] == '}';
    }
  }

  /// A macro that stands for specifiers: a declaration may begin with it.
  bool is_specifiers(std::size_t at, const Place& place) {
    const Directive* directive = text_.directive_at(at);
    if (!directive || !directive->parameters.empty()) return false;
    std::string rest = code_.substr(place.first, place.last - place.first);
    const bool external = has_word(rest, "extern");
    erase_alignments(rest);
    for (const char* word : {"extern", "static", "__shared__", "volatile"}) erase_word(rest, word);
    if (skip_blanks(rest, 0) < rest.size()) return false;
    known_.shared_macros[directive->macro] = external;
    return true;
  }

  std::size_t declaration(std::size_t at, std::size_t end) {
    const auto place = place_of(at);
    if (!place || place->first > at || place->last < end || is_specifiers(at, *place)) return end;
    std::string text = code_.substr(place->first, place->last - place->first);
    bool external = has_word(text, "extern");
    for (const auto& [macro, with_extern] : known_.shared_macros) external |= with_extern && has_word(text, macro);
    if (!external) {
      order_specifiers(*place, text);
      return end;
    }
    if (text.find_first_of("{=") != npos) return end;
    erase_alignments(text);
    for (const char* word : {"extern", "__shared__", "static", "\\"}) erase_word(text, word);
    for (const auto& [macro, with_extern] : known_.shared_macros) erase_word(text, macro);
    const auto variables = dynamic_variables(text);
    if (variables.empty()) return end;
    const bool global = !text_.directive_at(at) && !place->in_argument && !function_at(blocks_, at);
    std::string replacement;
    for (const DynamicShared& variable : variables) {
      if (global) declared_.push_back({place->first, variable});
      replacement += (replacement.empty() ? "" : "; ") + variable.declaration;
    }
    edits_.replace(place->first, place->last, global ? "static_assert(true)" : replacement);
    return place->last;
  }

  /// __shared__ brings its own `static`, and what alignas() applies to stands behind it.
  void order_specifiers(const Place& place, const std::string& text) {
    if (const std::size_t at = find_word(text, "static"); at != npos)
      edits_.replace(place.first + at, place.first + at + 6, "");
    const std::size_t at = find_word(text, "alignas");
    const std::size_t close = at == npos ? npos : closing(text, std::min(text.find('(', at), text.size()));
    if (close == npos || at == 0) return;
    edits_.insert(place.first, squeezed(text.substr(at, close + 1 - at)) + " ");
    edits_.replace(place.first + at, place.first + close + 1, "");
  }

  /// By itself, or by a macro.
  bool is_named_in(const Block& block, const std::string& name) const {
    std::vector<std::string> words{name};
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (find_word(code_, words[i], block.open, block.close) != npos) return true;
      for (const Directive& directive : text_.directives)
        if (!directive.macro.empty() && find_word(code_, words[i], directive.body, directive.last) != npos &&
            std::ranges::find(words, directive.macro) == words.end())
          words.push_back(directive.macro);
    }
    return false;
  }

  /// What a function names of namespace scope is declared first in it. Its own names hide that in a block of their own.
  void declare_in(const Block& block) {
    std::map<std::string, std::string> wanted;
    for (const DynamicShared& variable : known_.dynamic) wanted[variable.name] = variable.declaration;
    for (const auto& [at, variable] : declared_)
      if (at < block.open) wanted[variable.name] = variable.declaration;
    const std::string head = text_.structure.substr(block.head, block.open - block.head);
    if (has_word(head, "constexpr")) return;
    std::string declarations;
    for (const auto& [name, declaration] : wanted)
      if (is_named_in(block, name) && !has_word(head, name)) declarations += " [[maybe_unused]] " + declaration + ";";
    if (declarations.empty()) return;
    edits_.insert(block.open + 1, declarations + " {");
    edits_.insert(block.close, "}");
  }

 public:
  /// Other files may name what stands in this one.
  void publish() {
    for (const auto& [at, variable] : declared_) known_.dynamic.push_back(variable);
  }

 private:
  const SourceText& text_;
  const std::string& code_;
  const std::vector<Block>& blocks_;
  Known& known_;
  Edits& edits_;
  std::vector<std::pair<std::size_t, DynamicShared>> declared_;
};

}  // namespace

void translate_shared_memory(const SourceText& text, const std::vector<Block>& blocks, Known& known, Edits& edits) {
  SharedMemory translation(text, blocks, known, edits);
  translation.run();
  translation.publish();
}

}  // namespace workbook::cuda
