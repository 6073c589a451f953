#pragma once
/// A source in the forms in which it can be searched: without comments, without literals, without directives.

#include <string>
#include <vector>

namespace workbook::cuda {

constexpr std::size_t npos = std::string::npos;

bool is_word(char c);
bool is_blank(char c);

/// A preprocessing directive, with the lines that continue it.
struct Directive {
  std::size_t first, last;  ///< its # and the line's end
  std::string name;         ///< "define"; empty if there is none
  std::size_t body;         ///< what follows the name, of a macro its replacement
  std::string macro;        ///< the name that a #define defines
  std::vector<std::string> parameters;
};

/// All texts have the same length and the same lines.
struct SourceText {
  explicit SourceText(const std::string& text);

  std::string source;
  std::string bare;       ///< comments are blank, and the backslashes that continue a line
  std::string code;       ///< literals as well
  std::string structure;  ///< directives as well
  std::vector<Directive> directives;

  /// The directive that this is a part of; null outside of any.
  const Directive* directive_at(std::size_t at) const;
  int line_of(std::size_t at) const;

 private:
  void blank_text();
  void find_directives();
  void read_macro(Directive& directive) const;
};

/// Position of `word` as a whole word in [at, end).
std::size_t find_word(const std::string& code, const std::string& word, std::size_t at = 0, std::size_t end = npos);
bool has_word(const std::string& code, const std::string& word);
/// The word that ends before `end`, where it begins. `##` belongs to a word.
std::size_t word_begin(const std::string& code, std::size_t end);
std::size_t skip_blanks(const std::string& code, std::size_t at);
std::size_t skip_blanks_back(const std::string& code, std::size_t end);
/// Where the bracket that closes just before `end` opens; npos if none does.
std::size_t opening(const std::string& code, std::size_t end, char open, char close);
/// Where the bracket that opens at `at` closes; npos if it does not.
std::size_t closing(const std::string& code, std::size_t at, char open = '(', char close = ')');
/// [first, last) of what stands between separators outside of brackets.
std::vector<std::pair<std::size_t, std::size_t>> split(const std::string& code, char separator);
/// Items between commas of a bracketed list's inside.
std::size_t count_items(const std::string& list);
/// On one line, with single blanks.
std::string squeezed(const std::string& text);

/// Replacements in a source, which leave every line where it is.
class Edits {
 public:
  void replace(std::size_t from, std::size_t to, const std::string& text) { all_.push_back({from, to, text}); }
  void insert(std::size_t at, const std::string& text) { replace(at, at, text); }
  bool empty() const { return all_.empty(); }
  std::string applied_to(const SourceText& text);

 private:
  struct Edit {
    std::size_t from, to;
    std::string text;
  };
  std::vector<Edit> all_;
};

}  // namespace workbook::cuda
