/// What is refused before the grading program is built.

#include "common/options/grading.h"

#include <sys/stat.h>

#include <stdexcept>

#include "common/checker/catch.h"
#include "common/grading/tests/packer.h"

namespace workbook::grading {
namespace {

/// Why `grade CLASS -o OUT` is refused; "" if it is not.
std::string refused(const fs::path& submissions, const fs::path& out) {
  try {
    help_asked_for("./workbook", {"grade", submissions.string(), "-o", out.string()});
    return "";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST_CASE("what cannot be a class is refused before anything is built", "[options]") {
  const Scratch scratch;
  const fs::path out = scratch.path() / "results";
  CHECK(refused(scratch.write("class/ann/first.cpp", "x").parent_path().parent_path(), out) == "");
  for (const char* format : {"zip", "tar", "tar.gz", "tar.bz2", "tar.xz"})
    CHECK(refused(scratch.write("download", pack(format, {{"ann/first.cpp", "x"}})), out) == "");
  const fs::path pipe = scratch.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const std::string expected = "expected a folder of submissions or an archive of one, found ";
  const auto shown = [&](const char* name) { return (scratch.path() / name).string(); };
  CHECK(refused(shown("nowhere"), out) == expected + "no " + shown("nowhere"));
  CHECK(refused(pipe, out) == expected + pipe.string() + ", which is neither a folder nor a file");
  CHECK(refused(scratch.write("empty.zip", ""), out) == expected + shown("empty.zip") + ", which is empty (0 bytes)");
  CHECK(refused(scratch.write("page.zip", "<html>please log in</html>"), out) ==
        expected + shown("page.zip") + ", which is no zip, and no tar that is plain or packed with gzip, bzip2 or xz");
}

TEST_CASE("results that cannot be a folder are refused before anything is built", "[options]") {
  const Scratch scratch;
  scratch.write("class/ann/first.cpp", "x");
  const fs::path submissions = scratch.path() / "class", file = scratch.write("grades.csv", "");
  const std::string found_file = "expected a folder for the results, found " + file.string() + ", which is a file";
  CHECK(refused(submissions, scratch.path() / "new/deeper") == "");
  CHECK(refused(submissions, scratch.path() / "new/") == "");
  CHECK(refused(submissions, file) == found_file);
  CHECK(refused(submissions, file / "results") == found_file);
}

}  // namespace
}  // namespace workbook::grading
