#include "common/workspace/source_rules.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace workbook::workspace {
namespace {

struct Token {
  enum class Kind { word, number, literal, punctuation } kind = Kind::punctuation;
  std::string text;  ///< of a word, and of punctuation one character
  int line = 0;
  bool first = false;  ///< of its line
};
using Kind = Token::Kind;

/// A lexer that is small enough to be right: continued lines are joined first, and raw strings, for which that would
/// be wrong, are among what is refused.
class Lexer {
 public:
  explicit Lexer(std::string_view source) {
    int line = 1;
    for (std::size_t i = 0; i < source.size(); ++i) {
      std::size_t end = i + 1;  // GCC lets blanks stand between the backslash and the end of the line
      while (end < source.size() && (source[end] == ' ' || source[end] == '\t' || source[end] == '\r')) ++end;
      if (source[i] == '\\' && end < source.size() && source[end] == '\n') {
        ++line;
        i = end;
        continue;
      }
      text_ += source[i];
      lines_.push_back(line);
      line += source[i] == '\n';
    }
  }

  std::vector<Token> tokens() {
    while (skip_space(), at_ < text_.size()) {
      const std::size_t first = at_;
      const Kind kind = next();
      tokens_.push_back({kind, kind == Kind::literal ? "" : text_.substr(first, at_ - first), lines_[first], first_});
      first_ = false;
    }
    return std::move(tokens_);
  }

 private:
  static bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; }
  bool is(const char* text) const { return text_.compare(at_, std::string_view(text).size(), text) == 0; }

  void skip_space() {
    while (at_ < text_.size()) {
      if (is("//"))
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (is("/*"))
        at_ = std::min(text_.find("*/", at_ + 2), text_.size() - 2) + 2;
      else if (!std::isspace(static_cast<unsigned char>(text_[at_])))
        return;
      else
        first_ = text_[at_++] == '\n' || first_;
    }
  }

  Kind next() {
    const char c = text_[at_];
    if (std::isdigit(static_cast<unsigned char>(c))) return number();
    if (is_word(c)) {
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
      return Kind::word;
    }
    if (c == '"' || c == '\'') return literal(c);
    ++at_;
    return Kind::punctuation;
  }

  /// With digit separators, 1'000.
  Kind number() {
    while (at_ < text_.size() &&
           (is_word(text_[at_]) || (text_[at_] == '\'' && at_ + 1 < text_.size() && is_word(text_[at_ + 1]))))
      ++at_;
    return Kind::number;
  }

  Kind literal(char quote) {
    for (++at_; at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n'; ++at_)
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
    at_ = std::min(at_ + 1, text_.size());
    return Kind::literal;
  }

  std::string text_;
  std::vector<int> lines_;
  std::size_t at_ = 0;
  bool first_ = true;
  std::vector<Token> tokens_;
};

/// Whether a list of words, with a blank before and behind each, has this one.
bool contains(std::string_view list, const std::string& word) { return list.find(' ' + word + ' ') != list.npos; }

/// always_inline, also as __always_inline__.
std::string plain(const std::string& word) {
  const bool dressed = word.size() > 4 && word.starts_with("__") && word.ends_with("__");
  return dressed ? word.substr(2, word.size() - 4) : word;
}

constexpr std::string_view kNowhere =
    " asm _Pragma __pragma no_instrument_function init_priority weakref symver ifunc naked ";
constexpr std::string_view kRawPrefixes = " R LR uR UR u8R ";
/// Those that change speed, layout or warnings; and what may stand in their arguments.
constexpr std::string_view kAttributes =
    " gnu always_inline noinline flatten hot cold aligned packed unused const pure nonnull malloc returns_nonnull "
    "vector_size may_alias target noreturn nodiscard likely unlikely restrict fallthrough deprecated assume_aligned "
    "noipa unroll maybe_unused global device host shared constant no_unique_address gnu_inline "
    "format printf gnu_printf sizeof alignof float double int char ";
constexpr std::string_view kDirectives = " include define undef if ifdef ifndef elif else endif error warning pragma ";
constexpr std::string_view kPragmas =
    " once omp unroll nounroll pack message GCC STDC clang region endregion mark nv_diag_suppress nv_diag_default "
    "nv_diag_warning nv_diagnostic ";
constexpr std::string_view kGccPragmas = " unroll ivdep diagnostic target push_options pop_options warning error ";

class Reader {
 public:
  Reader(std::string_view source, bool has_kernels) : tokens_(Lexer(source).tokens()), has_kernels_(has_kernels) {}

  std::vector<std::string> refusals() {
    for (at_ = 0; at_ < tokens_.size(); ++at_) look();
    return std::move(found_);
  }

 private:
  const Token& token(std::size_t ahead = 0) const {
    static const Token none{Kind::punctuation, "", 0, true};
    return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : none;
  }
  bool is(const char* text, std::size_t ahead = 0) const { return token(ahead).text == text; }

  void refuse(const std::string& what, const char* instead) {
    constexpr std::size_t kMost = 8;
    if (found_.size() < kMost) found_.push_back(fmt::format("line {}: {}; {}", token().line, what, instead));
  }

  void look() {
    if (token().kind == Kind::word) return look_at_word();
    if (is("#") && is("#", 1)) return refuse("`##`", "write names out");
    if (is("%") && is(":", 1)) return refuse("`%:`", "write `#`");
    if (is("#") && token().first) return look_at_directive();
    const bool digraph = is("<") && is(":", 1);
    const std::size_t second = digraph ? 2 : 1;
    const bool twice = (is("<", second) && is(":", second + 1)) || is("[", second);
    if (digraph && twice) return refuse("`<:`", "write `[`");
    if (is("[") && twice) look_at_attributes("[", "]");
  }

  void look_at_word() {
    const std::string word = token().text;
    std::string low = word;
    std::ranges::transform(low, low.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (token(1).kind == Kind::literal && contains(kRawPrefixes, word))
      return refuse("a raw string", "write a plain one");
    const bool attribute = plain(word) == "attribute" || word == "__attribute";
    if (low.find("no_sanitize") != low.npos || contains(kNowhere, plain(word)) || word == "__asm" ||
        (word.starts_with("__attribute") && !attribute))
      refuse(fmt::format("`{}`", word.substr(0, 60)), "a graded file does without");
    else if (attribute && word != "attribute")
      ++at_, look_at_attributes("(", ")");
    else if (has_kernels_ && (word.starts_with("_mm") || word.starts_with("__builtin_ia32")))
      refuse(fmt::format("`{}`", word.substr(0, 60)), "a GPU has no such instruction");
    else if (has_kernels_ && (word == "thread_local" || word == "__thread" || word == "_Thread_local"))
      refuse(fmt::format("`{}`", word), "a GPU's threads have no such variables");
  }

  /// To the bracket that closes the one that stands here.
  void look_at_attributes(const char* open, const char* close) {
    int depth = 0;
    for (; at_ < tokens_.size(); ++at_) {
      if (is(open)) ++depth;
      if (is(close) && --depth <= 0) return;
      if (token().kind == Kind::word && !contains(kAttributes, plain(token().text)))
        refuse(fmt::format("attribute `{}`", token().text.substr(0, 60)), "a graded file does without");
    }
  }

  void look_at_directive() {
    const std::string name = token(1).text, pragma = token(2).text, of_gcc = pragma == "GCC" ? token(3).text : "";
    const bool known = contains(kDirectives, name) || token(1).first;  // `#` alone says nothing
    const bool harmless =
        name != "pragma" || (contains(kPragmas, pragma) && (of_gcc.empty() || contains(kGccPragmas, of_gcc)));
    if (!known || !harmless) {
      const std::string words = name == "pragma" ? fmt::format("{} {} {}", name, pragma, of_gcc) : name;
      refuse(fmt::format("`#{}`", words.substr(0, words.find_last_not_of(' ') + 1).substr(0, 60)),
             "a graded file does without");
    }
    ++at_;
  }

  std::vector<Token> tokens_;
  const bool has_kernels_;
  std::size_t at_ = 0;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> refused_words(std::string_view source, bool has_kernels) {
  return Reader(source, has_kernels).refusals();
}

}  // namespace workbook::workspace
