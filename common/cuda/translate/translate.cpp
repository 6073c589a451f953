#include "common/cuda/translate/translate.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "common/cuda/translate/blocks.h"
#include "common/cuda/translate/known.h"
#include "common/cuda/translate/launches.h"
#include "common/cuda/translate/ptx.h"
#include "common/cuda/translate/refusals.h"
#include "common/cuda/translate/shared_memory.h"

namespace workbook::cuda {
namespace {

namespace fs = std::filesystem;

/// __launch_bounds__(most, ...): checked first in the kernel.
void translate_bounds(const SourceText& text, Edits& edits) {
  const std::string& code = text.code;
  for (std::size_t at = 0; (at = find_word(code, "__launch_bounds__", at)) != npos; ++at) {
    const Directive* directive = text.directive_at(at);
    if (directive && (directive->name != "define" || at < directive->body)) continue;
    const std::size_t open = code.find('(', at), last = closing(code, open);
    if (last == npos) continue;
    const std::size_t end = closing(code, code.find('(', last));
    const std::size_t body = code.find_first_of(";{", std::min(end, code.size()));
    if (body != npos && code[body] == '{' && text.directive_at(body) == directive)
      edits.insert(body + 1,
                   " ::workbook::cuda::check_launch_bounds" + squeezed(code.substr(open, last + 1 - open)) + ";");
  }
}

/// No macro can do this: the C++ library uses the word itself.
void translate_noinline(const SourceText& text, Edits& edits) {
  constexpr std::string_view kWord = "__noinline__";
  for (std::size_t at = 0; (at = find_word(text.code, std::string(kWord), at)) != npos; ++at)
    edits.replace(at, at + kWord.size(), "__attribute__((noinline))");
}

void translate_text(const SourceText& text, Known& known, Edits& edits) {
  const auto blocks = find_blocks(text);
  find_kernel_templates(text, known);
  translate_bounds(text, edits);
  translate_shared_memory(text, blocks, known, edits);
  translate_launches(text, blocks, known, edits);
  translate_assembly(text, edits);
  translate_refused_words(text, edits);
  translate_noinline(text, edits);
}

std::optional<std::string> content_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return {};
  std::ifstream in(path, std::ios::binary);
  if (!in) return {};
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

class Files {
 public:
  explicit Files(const std::vector<std::string>& folders) : folders_(folders) {}

  /// Its translation; none if that is the file itself.
  std::optional<std::string> translated(const fs::path& path, const std::string& source) try {
    const SourceText text(source);
    Edits edits;
    open_.push_back(path);
    for (const Directive& directive : text.directives)
      if (directive.name == "include") include(text, directive, edits);
    translate_text(text, known_, edits);
    const bool changed = !edits.empty();
    const bool once = open_.size() > 1 && changed && blank_once(text, edits);
    open_.pop_back();
    if (!changed) return {};
    std::string result = edits.applied_to(text);
    if (!once) return result;
    const std::string name = "WORKBOOK_ONCE_" + std::to_string(number_of(path));
    return "#ifndef " + name + "\n#define " + name + "\n" + line_mark(1, path) + "\n" + result + "\n#endif";
  } catch (NotSimulated& e) {
    if (e.path.empty()) e.path = path.string();
    throw;
  }

  std::vector<std::string> read;

 private:
  static std::string line_mark(int line, const fs::path& path) {
    return "#line " + std::to_string(line) + " \"" + path.string() + "\"";
  }

  std::size_t number_of(const fs::path& path) {
    const auto found = std::ranges::find(read, path.string());
    return static_cast<std::size_t>(found - read.begin());
  }

  static bool blank_once(const SourceText& text, Edits& edits) {
    bool found = false;
    for (const Directive& directive : text.directives)
      if (directive.name == "pragma" &&
          squeezed(text.code.substr(directive.body, directive.last - directive.body)) == "once") {
        edits.replace(directive.first, directive.last, "");
        found = true;
      }
    return found;
  }

  void include(const SourceText& text, const Directive& directive, Edits& edits) {
    const std::string rest = text.bare.substr(directive.body, directive.last - directive.body);
    const std::size_t open = skip_blanks(rest, 0), close = rest.find('"', open + 1);
    if (open >= rest.size() || rest[open] != '"' || close == npos) return;
    const fs::path name = rest.substr(open + 1, close - open - 1), from = open_.back();
    const fs::path beside = from.parent_path() / name, path = name.is_absolute() ? fs::path() : found(beside, name);
    if (path.empty()) return;
    if (std::ranges::find(open_, path) != open_.end())  // its guard leaves nothing of it
      return edits.replace(directive.first, directive.last, "");
    const auto source = content_of(path);
    if (!source) return;
    if (number_of(path) == read.size()) read.push_back(path.string());
    constexpr std::size_t kMostBytes = std::size_t{64} << 20;
    if ((bytes_ += source->size()) > kMostBytes)
      throw NotSimulated(text.line_of(directive.first), "the included files are more than 64 MB together");
    if (const auto inner = translated(path, *source))
      edits.replace(directive.first, directive.last,
                    line_mark(1, path) + "\n" + *inner + "\n" + line_mark(text.line_of(directive.last) + 1, from));
    else if (path == beside.lexically_normal() && found({}, name) != path)
      edits.replace(directive.first, directive.last, "#include \"" + path.string() + "\"");
  }

  /// Empty if it is in no folder.
  fs::path found(const fs::path& beside, const fs::path& name) const {
    std::error_code error;
    if (!beside.empty() && fs::is_regular_file(beside, error)) return beside.lexically_normal();
    for (const std::string& folder : folders_)
      if (fs::is_regular_file(folder / name, error)) return (folder / name).lexically_normal();
    return {};
  }

  const std::vector<std::string>& folders_;
  Known known_;
  std::vector<fs::path> open_;  ///< those that are being translated, each included by the one before
  std::size_t bytes_ = 0;
};

}  // namespace

std::string translate(const std::string& source) {
  const SourceText text(source);
  Known known;
  Edits edits;
  translate_text(text, known, edits);
  return edits.applied_to(text);
}

TranslatedFile translate_file(const std::string& path, const std::vector<std::string>& folders) {
  const auto source = content_of(path);
  if (!source) throw std::runtime_error("cannot read " + path);
  Files files(folders);
  files.read.push_back(path);
  const auto translated = files.translated(fs::path(path).lexically_normal(), *source);
  return {"#line 1 \"" + path + "\"\n" + translated.value_or(*source), files.read};
}

}  // namespace workbook::cuda
