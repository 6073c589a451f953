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
  const auto why = [](const std::string& folder, const std::string& path) {
    return "not taken: \"" + path + "\", because builds, editors or systems make \"" + folder + "\"\n";
  };
  CHECK(all_of(take_in(scratch.path() / "class", scratch.path() / "into", kAllowed).at(0).problems) ==
        why(".idea", ".idea/First.cpp") + why("build", "build/first.cpp"));
}

TEST_CASE("who hands in only what lies in a folder that is skipped reads which folder", "[intake]") {
  const Scratch scratch;
  scratch.write("class/ann.zip", pack("zip", {{"book/build/lessons/01_first/first.cpp", "x"},
                                              {"book/.workbook/backups/first.cpp", "x"}}));
  scratch.write("class/bob/node_modules/submission.zip", "PK");
  scratch.write("class/cid/.git/HEAD", "x");
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed);
  REQUIRE(taken.size() == 3);
  const std::string none = ": expected a file that a lesson names, in a folder, zip or tar; found ";
  CHECK(taken[0].refused == "\"ann.zip\"" + none +
                                "only \"book/build/lessons/01_first/first.cpp\" and 1 more, and builds, editors or "
                                "systems make \"build\"");
  CHECK(taken[0].problems.empty());
  CHECK(taken[1].refused == "\"bob\"" + none +
                                "only \"node_modules/submission.zip\", and builds, editors or systems make "
                                "\"node_modules\"");
  CHECK(taken[2].refused == "\"cid\"" + none + "none");
}

TEST_CASE("a source in another encoding is read as what it says, with a remark", "[intake]") {
  const Scratch scratch;
  const std::string text = "int x; // \xc3\xa4\n", little("i\0n\0t\0 \0x\0;\0 \0/\0/\0 \0\xe4\0\n\0", 24);
  std::string big(little.size(), '\0');
  for (std::size_t i = 0; i < little.size(); ++i) big[i ^ 1] = little[i];
  const std::string said = ", which compilers do not read: it was converted to UTF-8";
  const auto take = [&](const std::string& bytes) {
    scratch.write("class/ann/first.cpp", bytes);
    const Submission ann = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed).at(0);
    return read(ann.files.at("01_first")) + all_of(ann.problems);
  };
  CHECK(take(text) == text);
  CHECK(take("\xef\xbb\xbf" + text) == text);
  CHECK(take("\xff\xfe" + little) == text + "first.cpp is UTF-16LE" + said + '\n');
  CHECK(take("\xfe\xff" + big) == text + "first.cpp is UTF-16BE" + said + '\n');
  CHECK(take(little) == text + "first.cpp is UTF-16LE" + said + '\n');
  CHECK(take(big) == text + "first.cpp is UTF-16BE" + said + '\n');
  const std::string latin = "int x; // \xe4\n", broken("\xff\xfex\0\0\xd8y\0", 8);
  CHECK(take(latin) == latin);
  CHECK(take(broken) == broken + "first.cpp begins like UTF-16LE and is not: it was taken as it is\n");
}

TEST_CASE("a source in another encoding fits the manifest that names its bytes", "[intake]") {
  const Scratch scratch;
  const std::string source("\xff\xfex\0", 4);
  scratch.write("class/ann/first.cpp", source);
  scratch.write("class/ann/manifest.json", R"({"files": [{"lesson": "01_first", "file": "first.cpp", "sha256": ")" +
                                               system::sha256(source) + R"("}]})");
  CHECK_THAT(all_of(take_in(scratch.path() / "class", scratch.path() / "into", kAllowed).at(0).problems),
             !contains_text("was changed"));
}

TEST_CASE("an archive that is empty, cut off or none says so in plain words", "[intake]") {
  const Scratch scratch;
  const std::vector<Packed> files{{"first.cpp", std::string(9000, 'x')}};
  scratch.write("class/a.zip", "");
  scratch.write("class/b.zip", pack("zip-stored", files).substr(0, 5000));
  scratch.write("class/c.tar.gz", pack("tar.gz", files).substr(0, 90));
  scratch.write("class/d.tar", pack("tar", files).substr(0, 3000));
  scratch.write("class/e.tar.xz", pack("tar.xz", files).substr(0, 150));
  scratch.write("class/f.zip", "<html>please log in</html>");
  scratch.write("class/g.zip", "Rar!\x1a\x07\x01");
  scratch.write("class/h.zip", pack("zip", {}));
  scratch.write("class/i.RAR", "Rar!\x1a\x07\x01");
  scratch.write("class/j.7z", "7z\xbc\xaf\x27\x1c");
  std::string said;
  for (const Submission& student : take_in(scratch.path() / "class", scratch.path() / "into", kAllowed))
    said += student.refused + '\n';
  const std::string cut = "cannot be read: its end is missing, as if a download or an upload had been cut off\n";
  CHECK(said ==
        "\"a.zip\": cannot be read: it is empty (0 bytes)\n\"b.zip\": " + cut + "\"c.tar.gz\": " + cut +
            "\"d.tar\": " + cut + "\"e.tar.xz\": " + cut +
            "\"f.zip\": cannot be read: it is no zip, and no tar that is plain or packed with gzip, bzip2 or xz\n"
            "\"g.zip\": cannot be read: it is a RAR archive; a zip or a tar can be read\n"
            "\"h.zip\": cannot be read: it is a zip with nothing in it\n"
            "\"i.RAR\": cannot be read: it is a RAR archive; a zip or a tar can be read\n"
            "\"j.7z\": cannot be read: it is a 7z archive; a zip or a tar can be read\n");
  CHECK_THROWS_WITH(take_in(scratch.path() / "class/a.zip", scratch.path() / "into", kAllowed),
                    contains_text("a.zip: cannot be read: it is empty (0 bytes)"));
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

TEST_CASE("of two versions, the later one's manifest and archive inside count", "[intake]") {
  const Scratch scratch;
  const auto with_manifest = [](const std::string& content) {
    const std::string manifest = R"({"files": [{"lesson": "01_first", "file": "first.cpp", "sha256": ")";
    return pack("zip", {{"first.cpp", content}, {"manifest.json", manifest + system::sha256(content) + R"("}]})"}});
  };
  scratch.write("class/doejane_11_901_a.zip", with_manifest("older"));
  scratch.write("class/doejane_11_902_a-1.zip", with_manifest("newer"));
  scratch.write("class/roe_12_903_a.zip", pack("zip", {{"submission.zip", with_manifest("older")}}));
  scratch.write("class/roe_12_904_a-1.zip", pack("zip", {{"submission.zip", with_manifest("newer")}}));
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed);
  for (const Submission& student : taken) {
    CAPTURE(student.student, student.refused);
    REQUIRE(student.files.size() == 1);
    CHECK(system::read_file(student.files.at("01_first")) == "newer");
    REQUIRE(student.problems.size() == 1);
    CHECK_THAT(student.problems[0], contains_text("handed in more than once: "));
  }
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
  CHECK_THAT(all_of(remarks), !contains_text("not unpacked"));
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
