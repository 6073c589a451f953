#pragma once
/// What compilers and linkers print, reduced to the one thing a student has to mend.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace workbook::workspace {

/// An error or a warning.
struct Diagnostic {
  std::filesystem::path file;
  int line = 0;
  std::string message;               ///< without "error:" or "warning:"
  std::vector<std::string> excerpt;  ///< the source line and the caret below it, as the compiler drew them
  std::filesystem::path cause;       ///< the judged file that led to an error elsewhere
  int cause_line = 0;                ///< the line there, or 0
};

/// The first error in the output of g++ or clang++ (English messages).
/// `judged` are the student's files: an error in another header is traced back to a line of theirs.
std::optional<Diagnostic> first_compiler_error(std::string_view output, std::span<const std::filesystem::path> judged);

/// What ninja's output says of the step that could not make `file`: from "FAILED: file" to the next step. All of the
/// output if there is no such line.
std::string output_about(std::string_view output, std::string_view file);

/// The warnings about lines of the judged files, each once.
std::vector<Diagnostic> compiler_warnings(std::string_view output, std::span<const std::filesystem::path> judged);

/// The first function that the linker (ld, gold, lld, mold) found nowhere: "workbook::x::f(int)", or nothing.
std::optional<std::string> undefined_function(std::string_view output);

/// The unqualified name in such a signature: "f".
std::string unqualified(std::string_view signature);

/// The line number (from 1) on which `header` declares `function`, or 0.
int declaration_line(std::string_view header, std::string_view function);

}  // namespace workbook::workspace
