#include "common/grading/intake/intake.h"

#include <algorithm>

#include "common/checker/catch.h"
#include "common/grading/intake/collector.h"
#include "common/grading/tests/packer.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/sha256.h"

namespace workbook::grading {
namespace {

const AllowedFiles kAllowed{{"01_first", {"first.cpp"}}, {"02_second", {"second.cpp"}}};

std::string all_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

std::string read(const fs::path& path) { return system::read_file(path).value(); }

TEST_CASE("SHA-256 of the standard's messages", "[intake]") {
  CHECK(system::sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(system::sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(system::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(system::sha256(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a student's files are found however they are packed", "[intake]") {
  const Scratch scratch;
  const std::vector<Packed> files{{"work/lessons/01_first/first.cpp", "one"}, {"work/second.cpp", "two"}};
  scratch.write("class/folder/lessons/01_first/first.cpp", "one");
  scratch.write("class/folder/second.cpp", "two");
  for (const char* format : {"zip", "tar", "tar.gz", "tar.bz2", "tar.xz"})
    scratch.write(std::string("class/packed_") + format[format[0] == 't' ? 4 : 1] + '.' + format, pack(format, files));
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed);
  REQUIRE(taken.size() == 6);
  for (const Submission& student : taken) {
    INFO(student.student << ": " << student.refused << all_of(student.problems));
    CHECK(student.refused.empty());
    CHECK(student.problems.empty());
    REQUIRE(student.files.size() == 2);
    CHECK(student.files.at("01_first") == scratch.path() / "into" / student.student / "01_first/first.cpp");
    CHECK(read(student.files.at("01_first")) == "one");
    CHECK(read(student.files.at("02_second")) == "two");
    CHECK(student.sha256 == taken.front().sha256);
  }
}

TEST_CASE("a whole edition holds more than it hands in", "[intake]") {
  const Scratch scratch;
  scratch.write("class/ann.zip", pack("zip", {{"book/lessons/01_first/first.cpp", "mine"},
                                              {"book/.workbook/pristine/01_first/first.cpp", "stub"},
                                              {"book/build/lessons/01_first/first.cpp", "copy"},
                                              {"book/old/01_first/first.cpp", "older"},
                                              {"book/README.md", "text"},
                                              {"__MACOSX/._first.cpp", "junk"},
                                              {"book/compile_commands.json", "", 'l', "build/compile_commands.json"}}));
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].refused == "");
  CHECK(read(taken[0].files.at("01_first")) == "mine");
  CHECK_THAT(all_of(taken[0].problems), contains_text("ignored, for no lesson names it: \"book/README.md\"\n"));
}

TEST_CASE("a lesson's file that lies only where builds and systems put theirs is told of", "[intake]") {
  const Scratch scratch;
  scratch.write("class/ann/build/first.cpp", "one");
  scratch.write("class/ann/.idea/First.cpp", "one");
  scratch.write("class/ann/build/other.cpp", "one");
  scratch.write("class/ann/second.cpp", "two");
  scratch.write("class/ann/build/second.cpp", "copy");
  const std::string why = "not taken, because it lies in a folder that builds, editors or systems make: ";
  CHECK(all_of(take_in(scratch.path() / "class", scratch.path() / "into", kAllowed).at(0).problems) ==
        why + "\".idea/First.cpp\"\n" + why + "\"build/first.cpp\"\n");
}

TEST_CASE("the manifest is compared and never trusted", "[intake]") {
  const Scratch scratch;
  const std::string manifest = R"({"format": 1, "edition": "x", "edited_at": "2026-03-01T12:00:00Z", "files": [
    {"lesson": "01_first", "file": "first.cpp", "sha256": ")" +
                               system::sha256("one") + R"("},
    {"lesson": "09_gone", "file": "gone.cpp", "sha256": ""}]})";
  const auto hand_in = [&](const std::string& first, const std::string& json) {
    scratch.write("class/ann/lessons/01_first/first.cpp", first);
    scratch.write("class/ann/manifest.json", json);
    return take_in(scratch.path() / "class", scratch.path() / "into", kAllowed).at(0);
  };
  Submission student = hand_in("one", manifest);
  CHECK(all_of(student.problems) == "the manifest names \"gone.cpp\", which is not there\n");
  CHECK(student.claimed_at.value().time_since_epoch().count() == 1772366400);
  CHECK(!student.submitted_at);
  student = hand_in("two", manifest);
  CHECK_THAT(all_of(student.problems), contains_text("first.cpp was changed after `submit`"));
  CHECK(read(student.files.at("01_first")) == "two");
  for (const std::string nonsense : {"", "nonsense", "[]", R"({"files": [1, {"lesson": 2}]})", R"({"files": {}})"})
    CHECK(hand_in("one", nonsense).files.size() == 1);
  CHECK(hand_in("one", std::string(100'000, '[')).files.size() == 1);
}

TEST_CASE("one manifest is read, even if it is empty", "[intake][hostile]") {
  int reads = 0;
  Collector collector(kAllowed, {});
  for (const char* path : {"manifest.json", "a/manifest.json", "b/manifest.json"})
    collector.offer({path}, [&](std::uint64_t) {
      ++reads;
      return std::string();
    });
  CHECK(reads == 1);
}

TEST_CASE("what is said of one submission has an end", "[intake][hostile]") {
  const Scratch scratch;
  std::string files;
  for (int i = 0; i < 8000; ++i)
    files += R"({"lesson": "x", "file": ")" + std::string(60, 'x') + std::to_string(i) + R"("},)";
  scratch.write("class/ann/first.cpp", "one");
  scratch.write("class/ann/manifest.json", R"({"files": [)" + files + "1]}");
  const Submission student = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed).at(0);
  REQUIRE(student.problems.size() == 21);
  CHECK(student.problems.back() == "and 7981 more remarks like these");
  CHECK(all_of(student.problems).size() < 5000);
}

TEST_CASE("a second run takes in the same again, and what is gone is gone", "[intake]") {
  const Scratch scratch;
  scratch.write("class/ann/first.cpp", "one");
  scratch.write("class/ann/second.cpp", "two");
  const auto take = [&] { return take_in(scratch.path() / "class", scratch.path() / "into", kAllowed).at(0); };
  const Submission before = take();
  CHECK(take().sha256 == before.sha256);
  fs::remove(scratch.path() / "class/ann/second.cpp");
  CHECK(take().sha256 != before.sha256);
  CHECK(!fs::exists(scratch.path() / "into/ann/02_second"));
}

TEST_CASE("a loose file that nobody handed in is told of the class and is no student", "[intake]") {
  const Scratch scratch;
  scratch.write("class/ann/first.cpp", "one");
  scratch.write("class/README from the TA.txt", "graded by Friday");
  scratch.write("class/FIRST.CPP", "another case");
  std::vector<std::string> remarks;
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed, {}, &remarks);
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].student == "FIRST.CPP");
  CHECK(taken[1].student == "ann");
  CHECK(all_of(remarks) == "not a submission: \"README from the TA.txt\", which is no archive and no lesson's file\n");
}

TEST_CASE("one student's file does not stop the archive of a class", "[intake][hostile]") {
  const Scratch scratch;
  const std::string stored = pack("zip-stored", {{"ann/first.cpp", "precious"}, {"bob/first.cpp", "one"}});
  std::vector<std::string> remarks;
  const auto students = [&](const fs::path& name, const std::string& bytes) {
    std::string text;
    for (const Submission& student :
         take_in(scratch.write(name, bytes), scratch.path() / "into", kAllowed, {}, &remarks))
      text += student.student + ' ' + (student.files.empty() ? "nothing" : read(student.files.begin()->second)) + '\n';
    return text;
  };
  for (const char* format : {"zip", "tar.gz", "tar.xz"})
    CHECK(students(std::string("class.") + format,
                   pack(format, {{"ann/zeros.bin", std::string(9 << 20, '\0')}, {"bob/first.cpp", "one"}})) ==
          "ann nothing\nbob one\n");
  CHECK(remarks.empty());
  std::string damaged = stored;
  damaged.replace(damaged.find("precious"), 8, "tampered");
  CHECK(students("class.zip", damaged) == "ann nothing\nbob one\n");
  CHECK_THAT(all_of(remarks), contains_text("not unpacked: \"ann/first.cpp\", cannot be read as a zip or tar: "));
}

TEST_CASE("a submission that looks like results of grading is a submission", "[intake][hostile]") {
  const Scratch scratch;
  scratch.write("class/ann/first.cpp", "one");
  scratch.write("class/ann/cache/seed", "0000000000000001\n");
  scratch.write("class/ann/grades.csv", "student,score\r\n");
  std::vector<std::string> remarks;
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed, {}, &remarks);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].files.size() == 1);
  CHECK_THAT(all_of(taken[0].problems), contains_text("ignored, for no lesson names it: \"cache/seed\""));
  CHECK(remarks.empty());
}

TEST_CASE("what is no class is the instructor's error", "[intake]") {
  const Scratch scratch;
  CHECK_THROWS_AS(take_in(scratch.path() / "nowhere", scratch.path() / "into", kAllowed), system::Error);
  CHECK_THROWS_AS(take_in(scratch.write("class.zip", "no zip"), scratch.path() / "into", kAllowed), system::Error);
}

}  // namespace
}  // namespace workbook::grading
