/// Names that are not ASCII, and names that people gave what a platform had named. The tests run in the locale C.

#include "common/checker/catch.h"
#include "common/grading/intake/intake.h"
#include "common/grading/tests/packer.h"
#include "common/system/files.h"

namespace workbook::grading {
namespace {

const AllowedFiles kAllowed{{"01_first", {"first.cpp"}}, {"02_second", {"second.cpp"}}};

const std::string kBjoern = "Bj\xc3\xb6rn", kDecomposed = "Bjo\xcc\x88rn", kLatin = "Bj\xf6rn";

/// "name: content of lesson 01" of each, then the remarks.
std::string taken_from(const Scratch& scratch, const fs::path& name) {
  std::vector<std::string> remarks;
  std::string text;
  for (const Submission& student : take_in(scratch.path() / name, scratch.path() / "into", kAllowed, {}, &remarks)) {
    const auto file = student.files.find("01_first");
    text += student.name + ": " + (file == student.files.end() ? student.refused : *system::read_file(file->second));
    for (const std::string& problem : student.problems) text += "; " + problem;
    text += '\n';
  }
  for (const std::string& remark : remarks) text += remark + '\n';
  return text;
}

TEST_CASE("the files of a lesson lie together, and a missing one is told", "[intake]") {
  const AllowedFiles allowed{{"01_first", {"first.cu", "wmma.cuh", "mma.cuh"}}};
  const Scratch scratch;
  scratch.write("class/all/first.cu", "one");
  scratch.write("class/all/wmma.cuh", "two");
  scratch.write("class/all/mma.cuh", "three");
  scratch.write("class/main/first.cu", "one");
  scratch.write("class/main/mma.cuh", "three");
  scratch.write("class/other/mma.cuh", "three");
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", allowed);
  REQUIRE(taken.size() == 3);
  CHECK(taken[0].problems.empty());
  CHECK(system::read_file(taken[0].files.at("01_first").parent_path() / "mma.cuh") == "three");
  CHECK(taken[1].files.at("01_first").filename() == "first.cu");
  CHECK(taken[1].problems ==
        std::vector<std::string>{"expected wmma.cuh of 01_first, found none: its stub takes its place"});
  CHECK(taken[2].files.empty());
}

TEST_CASE("a name that an archive of a class marks as UTF-8 is read in any locale", "[intake]") {
  const Scratch scratch;
  scratch.write("class.zip", marked_as_utf8(pack("zip", {{kBjoern + "/first.cpp", "one"}, {"ann/first.cpp", "two"}})));
  CHECK(taken_from(scratch, "class.zip") == kBjoern + ": one\nann: two\n");
  scratch.write("class.zip",
                marked_as_utf8(pack("zip", {{kBjoern + "/first.cpp", "one"}, {"\xe6\x97\xa5/first.cpp", "two"}})));
  CHECK(taken_from(scratch, "class.zip") == kBjoern + ": one\n\xe6\x97\xa5: two\n");
  // macOS writes an o and two dots; that is the same name.
  scratch.write("class.zip",
                marked_as_utf8(pack("zip", {{kDecomposed + "/first.cpp", "one"}, {"ann/first.cpp", "two"}})));
  CHECK(taken_from(scratch, "class.zip") == kBjoern + ": one\nann: two\n");
}

TEST_CASE("a name that is written as macOS writes it is the same name", "[intake]") {
  const Scratch scratch;
  const fs::path older = scratch.write("class/" + kBjoern + "/first.cpp", "older").parent_path();
  const fs::path newer = scratch.write("class/" + kDecomposed + "/first.cpp", "newer").parent_path();
  fs::last_write_time(older, fs::last_write_time(newer) - std::chrono::hours(1));
  CHECK(taken_from(scratch, "class") ==
        kBjoern +
            ": newer; handed in more than once: \"Bjo\\xcc\\x88rn\" is the latest and counts, not "
            "\"Björn\"\n");
  for (const char* format : {"zip", "tar"}) {
    scratch.write("class.zip", pack(format, {{kDecomposed + "/first.cpp", "one"}, {"\xff\xcc\x88/first.cpp", "two"}}));
    CHECK(taken_from(scratch, "class.zip") == kBjoern + ": one\n\xff\xcc\x88: two\n");
  }
}

TEST_CASE("a name in a tar and a name in a zip that marks nothing keep their bytes", "[intake]") {
  const Scratch scratch;
  for (const char* format : {"zip", "tar.gz"})
    for (const std::string& name : {kBjoern, kLatin}) {
      scratch.write("class.zip", pack(format, {{name + "/first.cpp", "one"}, {"ann/first.cpp", "two"}}));
      CHECK(taken_from(scratch, "class.zip") == name + ": one\nann: two\n");
    }
}

TEST_CASE("a student's archive may hold names that are not ASCII", "[intake]") {
  const Scratch scratch;
  scratch.write("class/ann.zip", marked_as_utf8(pack("zip", {{"\xc3\x9c"
                                                              "bung/first.cpp",
                                                              "one"}})));
  scratch.write("class/bob.zip", pack("zip", {{"\x9a"
                                               "bung/first.cpp",
                                               "two"},
                                              {"\xdc"
                                               "bung/\xff\\x.txt",
                                               ""}}));
  CHECK(taken_from(scratch, "class") ==
        "ann: one\nbob: two; ignored, for no lesson names it: \"\\xdcbung/\\xff\\x.txt\"\n");
}

TEST_CASE("a name that cannot be read is told of its student and takes nothing else", "[intake]") {
  const Scratch scratch;
  const std::string zip = marked_as_utf8(pack("zip", {{kLatin + "/second.cpp", "lost"}, {"first.cpp", "one"}}));
  scratch.write("class/ann.zip", zip);
  const std::string why = "left out: entry 1, whose name cannot be read";
  CHECK(taken_from(scratch, "class") == "ann: one; " + why + '\n');
  scratch.write("class.zip", marked_as_utf8(pack("zip", {{kLatin + "/first.cpp", "lost"}, {"ann/first.cpp", "one"}})));
  CHECK(taken_from(scratch, "class.zip") == "ann: one\nnot unpacked: entry 1, whose name cannot be read\n");
  scratch.write("class.zip", marked_as_utf8(pack("zip", {{kLatin + "/first.cpp", "lost"}})));
  CHECK_THROWS_WITH(taken_from(scratch, "class.zip"), contains_text("found nobody's"));
}

TEST_CASE("a platform's folder of one student may be packed", "[intake]") {
  const Scratch scratch;
  const std::string packed = pack("zip", {{"first.cpp", "one"}});
  scratch.write("class/4711-99 - Jane Doe - Feb 9, 2026 1130 PM.zip", packed);
  scratch.write("class/4712-99 - Jean Roe - Feb 9, 2026 1130 PM/first.cpp", "two");
  CHECK(taken_from(scratch, "class").starts_with("Jane Doe: one\nJean Roe: two\n"));
  scratch.write("moodle/Ann Lee_7001_assignsubmission_file_.zip", packed);
  scratch.write("moodle/Bob Lee_7002_assignsubmission_file.zip", packed);
  CHECK(taken_from(scratch, "moodle") == "Ann Lee: one\nBob Lee: one\n");
}

TEST_CASE("names that Canvas would write for one student alone are told of", "[intake]") {
  const Scratch scratch;
  scratch.write("class/lab_2_14_ann.zip", pack("zip", {{"first.cpp", "one"}}));
  scratch.write("class/lab_2_15_bob.zip", pack("zip", {{"second.cpp", "two"}}));
  const std::string remark =
      "as Canvas names files, all are of one name, \"lab\": those of one number were taken for one student's; if they "
      "are not, rename them\n";
  CHECK(taken_from(scratch, "class") == "lab: one\n" + remark);
  scratch.write("class/lab_3_14_ann.zip", pack("zip", {{"first.cpp", "one"}}));
  CHECK(taken_from(scratch, "class") == "lab: one\nlab: one\n" + remark);
  scratch.write("class/doejane_11_901_first.cpp", "Jane");
  CHECK(taken_from(scratch, "class") == "doejane: Jane\nlab: one\nlab: one\n");
}

TEST_CASE("a copy that Google Drive made is told of, too", "[intake]") {
  const Scratch scratch;
  scratch.write("class/ann.zip", pack("zip", {{"first.cpp", "one"}}));
  scratch.write("class/Copy of ann.zip", pack("zip", {{"first.cpp", "two"}}));
  CHECK(
      taken_from(scratch, "class") ==
      "Copy of ann: two\nann: one\n\"Copy of ann.zip\" looks like another download or a copy of \"ann.zip\": each was "
      "taken for a student's; if both are one student's, remove one of them\n");
}

TEST_CASE("a backslash that is half of a character separates no folders", "[intake]") {
  const Scratch scratch;
  // Two Japanese names in the code page of Windows, both of which begin with 0x95 0x5c.
  scratch.write("class.zip", pack("zip", {{"\x95\\\x90\xec/first.cpp", "one"}, {"\x95\\\x8e\x52/first.cpp", "two"}}));
  CHECK(taken_from(scratch, "class.zip") == "\x95\\\x8e\x52: two\n\x95\\\x90\xec: one\n");
  scratch.write("class.zip", pack("zip", {{"ann\\first.cpp", "one"}, {kBjoern + "\\first.cpp", "two"}}));
  CHECK(taken_from(scratch, "class.zip") == kBjoern + ": two\nann: one\n");
}

}  // namespace
}  // namespace workbook::grading
