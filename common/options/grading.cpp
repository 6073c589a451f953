#include "common/options/grading.h"

#include <thread>

#include "common/options/parse.h"

namespace workbook::grading {

namespace {

void declare(CLI::App& command, ReleaseOptions& options) {
  command.add_option("out", options.out, "the folder to make, or the zip")->required();
  command.add_option("--lessons", options.lessons, "only these: 01-08, or 01,04 (all)");
  command.add_flag("--zip", options.zip, "write one zip, the same bytes whoever makes it");
  command.add_flag("--no-trial", options.no_trial, "do not build and try it");
  command.add_flag("--quiet", options.quiet, "say nothing unless something is wrong");
  command.add_option("--accept", options.accepted, "a file that may hold what looks like the instructor's");
}

void declare(CLI::App& command, BundleOptions& options) {
  command.add_option("out", options.out, "the zip to write (autograder.zip)");
  command.add_option("--lessons", options.lessons, "only these: 01-08, or 01,04 (all)");
}

void require_a_class(const GradeOptions& options) {
  if (options.example_policy || !options.sample_class.empty()) return;
  if (options.run.submissions.empty() || options.run.out.empty())
    throw CLI::ValidationError("expected what was handed in and -o with a folder for the results");
  if (!std::filesystem::exists(options.run.submissions))
    throw CLI::ValidationError("expected a folder of submissions or an archive of one, found no " +
                               options.run.submissions.string());
}

void declare(CLI::App& command, GradeOptions& options) {
  options.run.jobs = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 64U));
  command.add_option("submissions", options.run.submissions, "A folder or archive with one entry per student");
  command.add_option("-o,--out", options.run.out,
                     "Folder for the results; of an earlier run, it is brought up to date");
  command.add_option("-j,--jobs", options.run.jobs, "Submissions at the same time, each in a sandbox of its own")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command.add_option("--lesson", options.run.lessons, "Only this lesson; may be repeated")->expected(1)->take_all();
  command.add_option("--policy", options.run.policy, "Points, due dates, late work, extensions: a JSON file");
  command.add_flag("--allow-weak-sandbox", options.run.allow_weak_sandbox,
                   "Go on where only the weak sandbox holds; for files of people you trust");
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
