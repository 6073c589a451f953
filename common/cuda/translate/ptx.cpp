#include "common/cuda/translate/ptx.h"

#include <algorithm>

#include "common/cuda/translate/ptx_instructions.h"
#include "common/cuda/translate/ptx_statement.h"
#include "common/cuda/translate/refusals.h"

namespace workbook::cuda {
namespace {

/// A statement, or an error at its place that names the instruction.
std::string cpp_of_assembly(const std::string& bare, const std::string& code) {
  try {
    return cpp_of_ptx(bare, code);
  } catch (const UnknownPtx& e) {
    return error_pragma("inline PTX: " + std::string(e.what()) +
                        " is not simulated; docs/cuda_simulator.md lists what is") +
           "static_assert(true)";
  }
}

}  // namespace

void translate_assembly(const SourceText& text, Edits& edits) {
  const std::string& code = text.code;
  for (std::size_t at = 0, end = 0; at < code.size(); at = std::max(end, at + 1)) {
    for (end = at; end < code.size() && is_word(code[end]);) ++end;
    const std::string word = code.substr(at, end - at);
    if (word != "asm" && word != "__asm__" && word != "__asm") continue;
    const Directive* directive = text.directive_at(at);
    if (directive && (directive->name != "define" || at < directive->body)) continue;
    std::size_t open = skip_blanks(code, end);
    while (open < code.size() && is_word(code[open])) {
      while (open < code.size() && is_word(code[open])) ++open;  // volatile
      open = skip_blanks(code, open);
    }
    const std::size_t close = open < code.size() && code[open] == '(' ? closing(code, open) : npos;
    if (close == npos || text.directive_at(close) != directive) {  // it must not reach the machine's own assembler
      edits.insert(at, error_pragma("inline PTX: a statement that a macro puts together is not simulated"));
      continue;
    }
    const std::string bare = text.bare.substr(open + 1, close - open - 1),
                      blanked = code.substr(open + 1, close - open - 1);
    bool divided = false;
    for (const Directive& inner : text.directives) divided |= at < inner.first && inner.first < close;
    edits.replace(at, close + 1,
                  divided
                      ? error_pragma("inline PTX: a statement with preprocessor directives in it is not simulated") +
                            "static_assert(true)"
                      : cpp_of_assembly(bare, blanked));
    end = close + 1;
  }
}

}  // namespace workbook::cuda
