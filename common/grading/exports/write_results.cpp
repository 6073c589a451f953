#include "common/grading/exports/write_results.h"

#include <map>

#include "common/system/files.h"

namespace workbook::grading {

namespace fs = std::filesystem;

namespace {

using Files = std::map<fs::path, std::string>;

Files make_files(const Gradebook& book, const std::vector<Change>& changes, const std::vector<Slow>& slow) {
  Files files{{"summary.html", summary_html(book, changes)},
              {"grades.csv", grades_csv(book)},
              {"canvas.csv", canvas_csv(book)},
              {"moodle.csv", moodle_csv(book)},
              {"changes.csv", changes_csv(changes)},
              {"problems.csv", problems_csv(book)},
              {"timing.svg", timing_svg(slow)},
              {"plots/scores.svg", histogram_svg(book)}};
  for (std::size_t i = 0; i < book.lessons.size(); ++i)
    files[fs::path("plots") / (book.lessons[i].id + ".svg")] = tests_svg(book, i);
  for (const StudentGrade& student : book.students) {
    const std::string& name = student.submission->student;
    const fs::path folder = fs::path("students") / name;
    files[folder / "feedback.html"] = feedback_html(book, student, Audience::student);
    files[folder / "feedback.md"] = feedback_markdown(book, student);
    files[folder / "results.json"] = gradescope_json(book, student);
    files[folder / "junit.xml"] = junit_xml(book, student);
    files[fs::path("instructor") / (name + ".html")] = feedback_html(book, student, Audience::instructor);
  }
  return files;
}

/// What is in our folders and not among `files`, drafts of a killed run included.
void remove_others(const fs::path& out, const Files& files) {
  std::vector<fs::path> others;
  for (const auto& entry : fs::directory_iterator(out))
    if (entry.is_regular_file() && entry.path().extension() == ".tmp") others.push_back(entry.path());
  for (const char* folder : {"students", "instructor", "plots"}) {
    if (!fs::exists(out / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(out / folder))
      if (!entry.is_directory() && !files.contains(entry.path().lexically_relative(out)))
        others.push_back(entry.path());
  }
  for (const fs::path& other : others) fs::remove(other);
  if (!fs::exists(out / "students")) return;
  std::vector<fs::path> empty;
  for (const auto& entry : fs::directory_iterator(out / "students"))
    if (fs::is_empty(entry.path())) empty.push_back(entry.path());
  for (const fs::path& folder : empty) fs::remove(folder);
}

}  // namespace

void write_results(const fs::path& out, const Gradebook& book, const std::vector<Change>& changes,
                   const std::vector<Slow>& slow, bool byte_order_mark) {
  Files files = make_files(book, changes, slow);
  for (auto& [path, content] : files)
    if (byte_order_mark && path.extension() == ".csv") content.insert(0, "\xef\xbb\xbf");
  for (const auto& [path, content] : files)
    if (system::read_file(out / path) != content) system::write_atomically(out / path, content);
  remove_others(out, files);
}

}  // namespace workbook::grading
