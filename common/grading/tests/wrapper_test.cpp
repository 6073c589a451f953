/// Folders around the folder of a class.

#include "common/checker/catch.h"
#include "common/grading/intake/intake.h"
#include "common/grading/tests/packer.h"
#include "common/system/files.h"

namespace workbook::grading {
namespace {

const AllowedFiles kAllowed{{"01_first", {"first.cpp"}}, {"02_second", {"second.cpp"}}};

/// The students of a class, and what is said of it.
std::string students_of(const fs::path& submissions, const Scratch& scratch, const IntakeLimits& limits = {}) {
  std::vector<std::string> remarks;
  std::string text;
  for (const Submission& student : take_in(submissions, scratch.path() / "into", kAllowed, limits, &remarks))
    text += student.student + (student.files.empty() ? " nothing\n" : "\n");
  for (const std::string& remark : remarks) text += remark + '\n';
  return text;
}

/// The same entries as a folder and as an archive, which must say the same.
std::string students_of(const std::vector<Packed>& packed) {
  const Scratch scratch;
  for (const Packed& entry : packed) scratch.write("class/" + entry.path, entry.content);
  scratch.write("class.zip", pack("zip", packed));
  const std::string folder = students_of(scratch.path() / "class", scratch);
  CHECK(students_of(scratch.path() / "class.zip", scratch) == folder);
  return folder;
}

const std::string kGuessed = "\"class\" was taken for the folder of a class, and each of its entries for a student's\n";

TEST_CASE("the folder of a class may lie in one more folder", "[intake]") {
  const std::string two = "ann\nbob\n" + kGuessed;
  CHECK(students_of({{"class/ann/first.cpp", "x"}, {"class/bob/src/first.cpp", "x"}}) == two);
  CHECK(students_of({{"class/ann/first.cpp", "x"}, {"class/bob/first.cpp", "x"}, {".DS_Store", ""}}) ==
        two + "not a submission: \".DS_Store\", which platforms and systems add\n");
  CHECK(students_of({{"class/ann/first.cpp", "x"}}) == "ann\n" + kGuessed);
  CHECK(students_of({{"spring/doejane_11_901_first.cpp", "x"}}) == "doejane_11\n");
  CHECK(students_of({{"spring/ann.zip", "x"}, {"spring/bob.zip", "x"}}) ==
        "ann nothing\nbob nothing\n"
        "\"spring\" was taken for the folder of a class, and each of its entries for a student's\n");
  CHECK(students_of({{"ann/lessons/01_first/first.cpp", "x"}, {"ann/lessons/02_second/second.cpp", "x"}}) == "ann\n");
}

TEST_CASE("one student's folders are no students", "[intake]") {
  const Scratch scratch;
  scratch.write("class/ann/week1/first.cpp", "x");
  scratch.write("class/ann/week2/second.cpp", "x");
  CHECK(students_of(scratch.path() / "class", scratch) ==
        "ann\n\"ann\" was taken for one student's; if it holds a class, grade that folder\n");
  scratch.write("container/submission_1/a.zip", pack("zip", {{"first.cpp", "x"}}));
  scratch.write("container/submission_1/b.zip", pack("zip", {{"second.cpp", "x"}}));
  CHECK(students_of(scratch.path() / "container", scratch) == "submission_1_1 nothing\n");
}

TEST_CASE("the archive of a class may hold two folders around it", "[intake]") {
  const Scratch scratch;
  scratch.write("class.zip", pack("zip", {{"a/", "", 'd'},
                                          {"a/class/", "", 'd'},
                                          {"a/class/ann/first.cpp", "x"},
                                          {"a/.DS_Store", ""},
                                          {"a/class/bob/first.cpp", "x"}}));
  CHECK(students_of(scratch.path() / "class.zip", scratch) ==
        "ann\nbob\n" + kGuessed + "not a submission: \".DS_Store\", which platforms and systems add\n");
  // And each student's share of it is counted there.
  IntakeLimits limits;
  limits.entries = 10;
  std::vector<Packed> many;
  for (int i = 0; i < 20; ++i) many.push_back({"a/class/s" + std::to_string(i) + "/first.cpp", "x"});
  scratch.write("class.zip", pack("zip", many));
  CHECK(students_of(scratch.path() / "class.zip", scratch, limits).find("nothing") == std::string::npos);
}

TEST_CASE("an archive of a class among those of students is told of", "[intake]") {
  const Scratch scratch;
  const std::string work = pack("zip", {{"first.cpp", "x"}});
  scratch.write("class/part1.zip", pack("zip", {{"doejane_11_901_first.zip", work}, {"roe_12_902_first.zip", work}}));
  scratch.write("class/ann.zip", pack("zip", {{"submission_1/first.cpp", "x"}}));
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed);
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].problems.empty());
  CHECK(taken[1].problems ==
        std::vector<std::string>{"\"doejane_11_901_first.zip\" and \"roe_12_902_first.zip\" are named as Canvas names "
                                 "the work of two students: if this is the archive of a class, unpack it"});
}

TEST_CASE("what could be one student's or a class's says what it was taken for", "[intake]") {
  const Scratch scratch;
  scratch.write("class/ann/src/first.cpp", "x");
  CHECK(students_of(scratch.path() / "class", scratch) ==
        "ann\n\"ann\" was taken for one student's; if it holds a class, grade that folder\n");
  scratch.write("ann.zip", pack("zip", {{"src/first.cpp", "x"}, {"notes/ideas.txt", "x"}}));
  CHECK(students_of(scratch.path() / "ann.zip", scratch) ==
        "notes nothing\nsrc\n"
        "each entry of \"ann.zip\" was taken for a student's, but no more than half hold a lesson's file: if it is the "
        "work of one "
        "student, put it into a folder and grade that folder\n");
}

}  // namespace
}  // namespace workbook::grading
