#include "common/options/grading.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>
#include <thread>

#include "common/options/parse.h"

namespace workbook::grading {

namespace {

namespace fs = std::filesystem;

/// Finds out that there can be no such folder before anything is built for it.
/// @throws CLI::ValidationError if `path` is neither a folder to write to nor, as far as can be seen, one that can be
/// made
void expect_folder(const std::string& what, const fs::path& path) {
  const auto refuse = [&](const fs::path& found, const std::string& which) {
    throw CLI::ValidationError("expected a folder for " + what + ", found " + found.string() + which);
  };
  std::error_code error;
  fs::path there = fs::absolute(path).lexically_normal();
  while (fs::symlink_status(there, error).type() == fs::file_type::not_found && there.has_relative_path())
    there = there.parent_path();
  const fs::file_status status = fs::status(there, error);
  if (status.type() == fs::file_type::not_found) refuse(there, ", a link that leads nowhere");
  if (status.type() == fs::file_type::none) refuse(there, ": " + error.message());
  if (status.type() != fs::file_type::directory) refuse(there, ", which is a file");
  if (::access(there.c_str(), W_OK | X_OK) != 0) refuse(there, ", which cannot be written to");
}

void declare(CLI::App& command, ReleaseOptions& options) {
  command.add_option("out", options.out, "the folder to make, or the zip")->required();
  command.add_option("--lessons", options.lessons, "only these: 01-08, or 01,04 (all)");
  command.add_option("--solutions", options.solutions,
                     "model solutions and bug hunts of these lessons go along: 01-08, or 01,04 (none)");
  command.add_flag("--zip", options.zip, "write one zip, the same bytes whoever makes it");
  command.add_flag("--no-trial", options.no_trial, "do not build and try it");
  command.add_flag("--quiet", options.quiet, "say nothing unless something is wrong");
  command.add_option("--accept", options.accepted, "a file that may hold what looks like the instructor's");
  command.callback([&options] { expect_folder("the edition", fs::absolute(options.out).parent_path()); });
}

void declare(CLI::App& command, BundleOptions& options) {
  command.add_option("out", options.out, "the zip to write (autograder.zip)");
  command.add_option("--lessons", options.lessons, "only these: 01-08, or 01,04 (all)");
  command.callback([&options] {
    std::error_code error;
    if (fs::is_directory(options.out, error))
      throw CLI::ValidationError("expected a zip to write, found " + options.out + ", which is a folder");
    expect_folder("the zip", fs::absolute(options.out).parent_path());
  });
}

/// Why a file cannot be the archive of a class, by its first bytes; "" if it can.
std::string no_archive(const fs::path& file) {
  using namespace std::string_view_literals;
  std::string front(512, '\0');
  std::ifstream in(file, std::ios::binary);
  if (!in) return "";  // whoever opens it says why it cannot
  in.read(front.data(), static_cast<std::streamsize>(front.size()));
  if (in.gcount() == 0) return "empty (0 bytes)";
  const bool tar = front.substr(257, 5) == "ustar" || file.extension() == ".tar";  // the oldest tars do not say so
  for (const std::string_view magic : {"PK"sv, "\x1f\x8b"sv, "BZh"sv,
                                       "\xfd"
                                       "7zXZ"sv})
    if (tar || front.starts_with(magic)) return "";
  return "no zip, and no tar that is plain or packed with gzip, bzip2 or xz";
}

void require_submissions(const fs::path& submissions) {
  const auto refuse = [&](const std::string& found) {
    throw CLI::ValidationError("expected a folder of submissions or an archive of one, found " + found);
  };
  std::error_code error;
  const fs::file_status status = fs::status(submissions, error);
  if (!fs::exists(status)) refuse("no " + submissions.string());
  if (fs::is_directory(status)) return;
  if (!fs::is_regular_file(status)) refuse(submissions.string() + ", which is neither a folder nor a file");
  if (const std::string why = no_archive(submissions); !why.empty()) refuse(submissions.string() + ", which is " + why);
}

bool is_within(const fs::path& inner, const fs::path& outer) {
  return std::ranges::mismatch(outer, inner).in1 == outer.end();
}

/// Results among the submissions would be a student of the next run; submissions among the results would be removed.
void expect_apart(const fs::path& submissions, const fs::path& out) {
  const auto canonical = [](const fs::path& path) {  // "out/" is "out"
    const fs::path whole = fs::weakly_canonical(path);
    return whole.has_filename() ? whole : whole.parent_path();
  };
  const fs::path in = canonical(submissions), results = canonical(out);
  if (is_within(results, in))
    throw CLI::ValidationError("expected results outside of the submissions, found " + results.string() + " in " +
                               in.string());
  if (is_within(in, results))
    throw CLI::ValidationError("expected submissions outside of the results, found " + in.string() + " in " +
                               results.string());
}

void require_a_class(const GradeOptions& options) {
  if (options.example_policy) return;
  if (!options.sample_class.empty()) return expect_folder("the made-up class", options.sample_class);
  if (options.run.submissions.empty() || options.run.out.empty())
    throw CLI::ValidationError("expected what was handed in and -o with a folder for the results");
  require_submissions(options.run.submissions);
  expect_folder("the results", options.run.out);
  expect_apart(options.run.submissions, options.run.out);
  std::error_code error;
  if (!options.run.policy.empty() && !fs::exists(options.run.policy, error))
    throw CLI::ValidationError("expected a policy in " + options.run.policy.string() + ", found no such file");
}

void declare(CLI::App& command, GradeOptions& options) {
  options.run.jobs = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 64U));
  command.add_option("submissions", options.run.submissions, "A folder or archive with one entry per student");
  command.add_option("-o,--out", options.run.out,
                     "Folder for the results; of an earlier run, it is brought up to date");
  command.add_option("-j,--jobs", options.run.jobs, "Submissions at the same time, each in a sandbox of its own")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      .add_option("--lesson", options.run.lessons,
                  "Only this lesson; may be repeated (default: those of the policy, or those handed in)")
      ->expected(1)
      ->take_all();
  command.add_option("--policy", options.run.policy, "Points, due dates, late work, extensions: a JSON file");
  command.add_flag("--allow-weak-sandbox", options.run.allow_weak_sandbox,
                   "Go on where only the weak sandbox holds; for files of people you trust");
  command.add_flag("--bom", options.run.byte_order_mark,
                   "Begin CSV files with a byte order mark, so that Excel shows names such as Björn");
  command.add_flag("--example-policy", options.example_policy, "Print a policy with every member explained, then stop");
  command.add_option("--sample-class", options.sample_class,
                     "Make up a class in this folder to try this with, then stop");
  command.add_option("--students", options.students, "Students in the made-up class")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.callback([&options] { require_a_class(options); });
}

void declare(CLI::App& command, BenchOptions& options) {
  command.add_option("--students", options.students, "In the made-up class")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.add_option("-j,--jobs", options.jobs, "Submissions at the same time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command.add_option("--lesson", options.lessons, "Only this lesson; may be repeated")->expected(1)->take_all();
  command.add_flag("--allow-weak-sandbox", options.allow_weak, "Measure where only the weak sandbox holds");
  command.add_flag("--json", options.as_json, "Print one JSON document");
}

}  // namespace

void declare(CLI::App& app, Asked& asked) {
  app.require_subcommand(1);
  declare(*app.add_subcommand("release", "make the student edition"), asked.release);
  declare(*app.add_subcommand("bundle", "pack what grades in a platform's container"), asked.bundle);
  declare(*app.add_subcommand("grade", "grade a class: compile and judge what was handed in, write results"),
          asked.grade);
  declare(*app.add_subcommand("bench", "measure grading on a made-up class"), asked.bench);
}

std::optional<std::string> help_asked_for(const std::string& self, const std::vector<std::string>& arguments) {
  CLI::App app("Releases, grades and measures: the instructor's commands.", self);
  Asked asked;
  declare(app, asked);
  return workbook::help_asked_for(app, arguments);
}

}  // namespace workbook::grading
