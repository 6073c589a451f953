#include <algorithm>

#include <fmt/core.h>

#include "common/cli/judge.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/terminal.h"
#include "common/system/text.h"
#include "common/workspace/build.h"
#include "common/workspace/compiler_output.h"

namespace workbook::cli {

namespace {

std::string text_of(const Diagnostic& diagnostic, const std::string& kind) {
  std::string text =
      fmt::format("{} {} {}\n", paint(Ink::bold, fmt::format("{}:{}:", shown(diagnostic.file), diagnostic.line)), kind,
                  diagnostic.message);
  for (const std::string& line : diagnostic.excerpt) text += line + '\n';
  return text;
}

/// A few are read, many are not.
std::string warnings_text(const std::string& output, const Implementation& impl) {
  constexpr std::size_t kMost = 3;
  const std::vector<Diagnostic> warnings = compiler_warnings(output, impl.sources);
  std::string text;
  for (std::size_t i = 0; i < std::min(kMost, warnings.size()); ++i)
    text += text_of(warnings[i], paint(Ink::yellow, "warning:"));
  if (warnings.size() > kMost) text += fmt::format("... and {} more warnings\n", warnings.size() - kMost);
  return text;
}

/// Where a definition may stand, in words.
std::string place_of_code(const Implementation& impl) {
  return impl.sources.size() == 1 ? shown(impl.source()) : "one of the files in " + shown(impl.source().parent_path());
}

/// A function of the contract that no file defines, in words.
std::string missing_definition_text(const std::string& signature, const Lesson& lesson, const Implementation& impl) {
  const std::string function = unqualified(signature), ours = "workbook::" + lesson.name + "::";
  const std::string header = read_file(lesson.contract()).value_or("");
  const int line = declaration_line(header, function);
  const std::string name = signature.substr(0, signature.find('('));  // a member's has its class
  const auto ours_at = name.find(ours);
  if (line == 0 || ours_at == name.npos)
    return fmt::format("{} calls {}, but nothing defines it.\n", shown(impl.source()), paint(Ink::bold, signature));
  const std::string declaration(trimmed(split_lines(header)[static_cast<std::size_t>(line) - 1]));
  return fmt::format(
      "{} is expected in {}, found no definition of it.\n"
      "{}:{} declares it:\n  {}\n"
      "Define it as {}::{}(...), with exactly these parameters.\n",
      paint(Ink::bold, function), place_of_code(impl), shown(lesson.contract()), line, declaration, lesson.name,
      name.substr(ours_at + ours.size()));
}

/// Some editors of Windows save so; the compiler's first error would be a stray sign at the beginning of line 1.
bool is_utf16(const fs::path& source) {
  const std::string text = read_file(source).value_or("");
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
}

}  // namespace

std::string first_error_text(const std::string& output, const Implementation& impl) {
  if (const auto wide = std::ranges::find_if(impl.sources, is_utf16); wide != impl.sources.end())
    return fmt::format("{} is in UTF-16, which compilers do not read. Save it as UTF-8.\n", shown(*wide));
  const auto error = first_compiler_error(output, impl.sources);
  if (!error) return "the compiler stopped without naming an error:\n" + output;
  std::string text;
  if (error->cause_line != 0)
    text =
        fmt::format("{} leads to an error in {}:\n",
                    paint(Ink::bold, fmt::format("{}:{}", shown(error->cause), error->cause_line)), shown(error->file));
  return text + text_of(*error, paint(Ink::red, "error:"));
}

Compiled build_implementation(const Workspace& workspace, const Lesson& lesson, const Implementation& impl, bool on_gpu,
                              BuildListener listener,
                              const std::function<void(const std::string& warnings)>& begin_early) {
  if (begin_early) {
    listener.awaited = impl.plugin;
    listener.made = [&](const std::string& output) { begin_early(warnings_text(output, impl)); };
  }
  std::vector<std::string> targets{lesson.id + ".checker", impl.target, "worker"};
  targets.insert(targets.end(), impl.along.begin(), impl.along.end());
  if (on_gpu && has_nvcc(workspace)) targets.push_back(impl.target + ".gpu");
  const Build built = build(workspace, targets, "Building lesson " + lesson.number, listener);
  if (built.ok) return {"", warnings_text(built.output, impl)};
  // Other flavours of the same file may be built along, and fail first: "x.student.dir/", "x.student.count.dir/".
  const fs::path plugin = impl.plugin.lexically_relative(workspace.build).replace_extension("");
  const std::string translated = "lessons/" + lesson.id + "/translated/";  // a .cu file that is not simulated
  const std::string by_nvcc = "lessons/" + lesson.id + "/gpu/";
  if (!built.failed_in(impl.target + ".") && !built.failed_in(plugin.string() + ".") && !built.failed_in(translated) &&
      !built.failed_in(by_nvcc))
    fail_build(workspace, built.output);
  const auto missing = undefined_function(built.output);
  return {missing ? missing_definition_text(*missing, lesson, impl) : first_error_text(built.output, impl), ""};
}

}  // namespace workbook::cli
