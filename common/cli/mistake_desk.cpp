#include "common/cli/mistake_desk.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/system/temporary_folder.h"

namespace workbook::cli {

std::string Desk::file_of(const std::string& name, const std::string& wanted) const {
  const std::vector<std::string>& files = lesson.files;
  if (!wanted.empty() && std::ranges::find(files, wanted) == files.end())
    throw UsageError(fmt::format("expected --file to name a file of lesson {} ({}), found \"{}\"", lesson.number,
                                 fmt::join(files, ", "), wanted));
  std::string known;
  const auto text = read_file(diff(name));
  const auto begun = std::ranges::find_if(files, [&](auto& file) { return fs::exists(scratch(name, file)); });
  if (begun != files.end()) {
    known = *begun;
  } else if (text)
    try {
      known = mistake::changed_file(mistake::parse(*text).diff, solution);
    } catch (const mistake::Malformed& error) {
      refuse_diff(name, error);
    }
  if (!known.empty() && !wanted.empty() && wanted != known)
    throw UsageError(fmt::format("the mistake {} changes {}, expected no other --file, found {}", name, known, wanted));
  return !known.empty() ? known : wanted.empty() ? files.front() : wanted;
}

mistake::Sources Desk::with(const std::string& file, const std::string& content) const {
  mistake::Sources wrong = solution;
  wrong.at(file) = content;
  return wrong;
}

std::string Desk::minimal_diff(const std::string& file, const std::string& content) const {
  const TemporaryFolder folder(workspace.state / fmt::format("mistake.{}.tmp", ::getpid()));
  const std::string& right = solution.at(file);
  write_atomically(folder.path() / "solution", right);
  write_atomically(folder.path() / "wrong", content);
  for (int context = 1;; ++context) {
    const Ended made = run({.argv = {"diff", "--minimal", "-p", fmt::format("-U{}", context), "--label", "a/" + file,
                                     "--label", "b/" + file, "solution", "wrong"},
                            .folder = folder.path(),
                            .capture = true});
    if (made.exit_code == 0) throw Error("expected a change of the solution, found none");
    if (made.exit_code != 1) throw Error("diff failed: " + made.output);
    try {
      if (mistake::apply(made.output, right) == content) return made.output;
      throw Error("expected a text file that ends with a newline and has no \\r");
    } catch (const mistake::Malformed& error) {
      constexpr int kMostContext = 20;
      if (context == kMostContext) throw Error(error.what());
    }
  }
}

void Desk::refuse_diff(const std::string& name, const mistake::Malformed& error) const {
  throw Error(fmt::format("{}: {}\nIf the solution has changed: {}", shown(diff(name)), error.what(),
                          call("mistake rebase " + lesson.number)));
}

}  // namespace workbook::cli
