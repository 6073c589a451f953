#include "common/grading/judging/sample_class.h"

#include <algorithm>
#include <random>

#include <fmt/core.h>

#include "common/mistake/mistake.h"
#include "common/report/verdict.h"
#include "common/system/errors.h"
#include "common/system/files.h"

namespace workbook::grading {

namespace fs = std::filesystem;

namespace {

/// What students of one lesson may hand in.
struct HandIns {
  mistake::Sources stub, solution;
  std::vector<mistake::Sources> mistakes;
};

HandIns read_hand_ins(const workspace::Workspace& workspace, const workspace::Lesson& lesson) {
  const fs::path solutions = workspace.root / "solutions" / lesson.id;
  HandIns known{lesson.contents_in(lesson.folder), lesson.contents_in(solutions), {}};
  for (const std::string& file : lesson.files)
    if (!known.solution.contains(file))
      throw system::Error(fmt::format("expected {}, found none: a made-up class needs the instructor's tree",
                                      workspace::shown(solutions / file)));
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(solutions / "mistakes", ignored)) files.push_back(entry.path());
  std::ranges::sort(files);
  for (const fs::path& file : files)
    if (file.extension() == ".diff")
      known.mistakes.push_back(
          mistake::apply(mistake::parse(system::read_file(file).value_or("")).diff, known.solution));
  return known;
}

/// The longest file has an error in the middle, as somebody leaves it at midnight.
mistake::Sources unfinished(mistake::Sources sources) {
  std::string& longest =
      std::ranges::max_element(sources, {}, [](const auto& file) { return file.second.size(); })->second;
  const std::size_t middle = longest.find(';', longest.size() / 2);
  if (middle == longest.npos)
    longest += "}\n";
  else
    longest.erase(middle, 1);
  return sources;
}

/// Nothing where nothing is handed in.
mistake::Sources draw(const HandIns& known, std::mt19937& random) {
  const unsigned lot = random() % 100;
  if (lot < 45) return known.solution;
  if (lot < 80 && !known.mistakes.empty()) return known.mistakes[random() % known.mistakes.size()];
  if (lot < 90) return known.stub;
  return lot < 95 ? unfinished(known.solution) : mistake::Sources();
}

}  // namespace

void write_sample_class(const workspace::Workspace& workspace, const std::vector<workspace::Lesson>& lessons,
                        const fs::path& into, int students, std::uint64_t seed) {
  std::error_code error;
  if (fs::exists(into, error) && !fs::is_empty(into, error))
    throw system::Error(fmt::format("expected {} to be new or empty, found something in it", workspace::shown(into)),
                        kExitUsage);
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  for (const workspace::Lesson& lesson : lessons) {
    const HandIns known = read_hand_ins(workspace, lesson);
    for (int student = 1; student <= students; ++student) {
      const std::string who = fmt::format("student_{:03}", student);
      for (const auto& [file, source] : draw(known, random))
        system::write_atomically(into / who / "lessons" / lesson.id / file,
                                 fmt::format("{}\n// {} of {}\n", source, lesson.id, who));
    }
  }
}

}  // namespace workbook::grading
