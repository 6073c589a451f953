#pragma once
/// Where things are, and the lessons found there.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/workspace/system.h"

namespace workbook::workspace {

namespace fs = std::filesystem;

struct Workspace {
  fs::path root;   ///< the folder with lessons/
  fs::path build;  ///< WORKBOOK_BUILD_DIR, or root/build
  fs::path state;  ///< root/.workbook: progress, hints, pristine copies, backups

  fs::path lesson_build(std::string_view id) const { return build / "lessons" / id; }
};

/// From the environment the launcher sets; without it, the nearest folder upward that holds lessons/.
Workspace find_workspace();

/// How the user calls us: "./workbook".
std::string self();

/// A path as short as the user can use it from here.
std::string shown(const fs::path& path);

struct Exercise {
  int todo = 0;
  std::string function;
};

/// A number that the README asks for under "Predict.", and where it comes true.
struct Prediction {
  std::string label;   ///< "b" of the question (b), "b2" of its second number; without letters, what the question names
  std::string asks;    ///< what is to be predicted, in a few words
  std::string unit;    ///< "tokens"; may be empty
  std::string answer;  ///< as the README writes it: "384"
  std::string test;    ///< name of the public test that shows or checks it
};

struct Lesson {
  std::string id;      ///< 04_grouped_query
  std::string number;  ///< 04
  std::string name;    ///< grouped_query
  fs::path folder;

  std::string title, summary, track;
  int minutes = 0;
  std::vector<std::string> needs;
  std::vector<std::string> files;     ///< what the student edits; the first is compiled and includes the others
  std::vector<std::string> flavours;  ///< what its tests load besides the first
  std::vector<Exercise> exercises;
  std::vector<Prediction> predictions;

  /// Its files in a folder that has them: its own, that of the solution, that of a mistake.
  std::vector<fs::path> files_in(const fs::path& place) const;
  /// What those hold, by name; a missing file is not among them.
  std::map<std::string, std::string> contents_in(const fs::path& place) const;

  /// Do its files run on a GPU or in the simulator?
  bool has_kernels() const { return files.front().ends_with(".cu"); }
  fs::path contract() const { return folder / (name + ".h"); }
};

/// Is it two digits, an underscore and snake_case?
bool is_lesson_id(std::string_view id);

/// Reads one lesson from the text of its lesson.json.
/// @throws Error that names the file, what was expected and what was found.
Lesson parse_lesson(const fs::path& folder, std::string_view json);

struct Catalog {
  struct Broken {
    std::string id, problem;
  };
  std::vector<Lesson> lessons;  ///< by id
  std::vector<Broken> broken;   ///< lessons whose lesson.json cannot be used

  /// The lesson meant by a number (4, 04), an id, a name or a part that only one has, or by a path into its folder.
  /// @throws UsageError naming the nearest, or Error when that lesson is broken.
  const Lesson& find(const std::string& wanted) const;

  /// The lessons meant by a range of numbers (01-04) or by "all"; none if it is neither.
  /// @throws UsageError if there is no lesson in the range
  std::vector<const Lesson*> several(const std::string& wanted) const;
};

Catalog read_catalog(const Workspace& workspace);

}  // namespace workbook::workspace
