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
struct Sources {
  std::string stub, solution;
  std::vector<std::string> mistakes;
};

Sources read_sources(const workspace::Workspace& workspace, const workspace::Lesson& lesson) {
  const fs::path solutions = workspace.root / "solutions" / lesson.id;
  Sources sources{system::read_file(lesson.stub()).value_or(""),
                  system::read_file(solutions / lesson.files.front()).value_or(""),
                  {}};
  if (sources.solution.empty())
    throw system::Error(fmt::format("expected {}, found none: a made-up class needs the instructor's tree",
                                    workspace::shown(solutions / lesson.files.front())));
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(solutions / "mistakes", ignored)) files.push_back(entry.path());
  std::ranges::sort(files);
  for (const fs::path& file : files)
    if (file.extension() == ".diff")
      sources.mistakes.push_back(
          mistake::apply(mistake::parse(system::read_file(file).value_or("")).diff, sources.solution));
  return sources;
}

/// The source with an error in the middle, as somebody leaves it at midnight.
std::string unfinished(std::string source) {
  const std::size_t middle = source.find(';', source.size() / 2);
  return middle == source.npos ? source + "}\n" : source.erase(middle, 1);
}

/// "" where nothing is handed in.
std::string draw(const Sources& sources, std::mt19937& random) {
  const unsigned lot = random() % 100;
  if (lot < 45) return sources.solution;
  if (lot < 80 && !sources.mistakes.empty()) return sources.mistakes[random() % sources.mistakes.size()];
  if (lot < 90) return sources.stub;
  return lot < 95 ? unfinished(sources.solution) : "";
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
    const Sources sources = read_sources(workspace, lesson);
    for (int student = 1; student <= students; ++student) {
      const std::string source = draw(sources, random), who = fmt::format("student_{:03}", student);
      const fs::path file = into / who / "lessons" / lesson.id / lesson.files.front();
      if (!source.empty()) system::write_atomically(file, fmt::format("{}\n// {} of {}\n", source, lesson.id, who));
    }
  }
}

}  // namespace workbook::grading
