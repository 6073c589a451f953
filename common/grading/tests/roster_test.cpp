#include "common/grading/intake/roster.h"

#include <algorithm>
#include <set>

#include "common/checker/catch.h"
#include "common/grading/intake/intake.h"
#include "common/grading/tests/packer.h"
#include "common/system/files.h"
#include "common/system/utf8.h"

namespace workbook::grading {
namespace {

const AllowedFiles kAllowed{{"01_first", {"first.cpp"}}, {"02_second", {"second.cpp"}}};

/// Draws from a list: the same on every run.
class Lots {
 public:
  std::size_t below(std::size_t end) { return (state_ = state_ * 1664525 + 1013904223) / 65536 % end; }
  template <class T>
  const T& of(const std::vector<T>& list) {
    return list[below(list.size())];
  }
  std::string text(const std::vector<std::string>& pieces, std::size_t most) {
    std::string text;
    for (std::size_t n = 1 + below(most); n > 0; --n) text += of(pieces);
    return text;
  }

 private:
  unsigned state_ = 1;
};

/// What a platform writes in front, and whom and when it means by that.
struct Front {
  std::string text, student;
  bool timed = false;
};

const std::vector<Front> kFronts{{"doejane_11_901_", "doejane_11"},
                                 {"doejane_LATE_11_901_", "doejane_11"},
                                 {"Jane Doe_123456_assignsubmission_file_", "Jane_Doe_123456"},
                                 {"HW 1_jdoe_attempt_2026-03-02-09-30-00_", sanitised("HW 1_jdoe"), true},
                                 {"HW_1_4711_attempt_2026-03-02-09-30-00_", "HW_1_4711", true},
                                 {"4711-99 - Jane Doe - Feb 9, 2026 1130 PM - ", "Jane_Doe_4711", true},
                                 {"4713-99 - Jean-Luc Doe - 9 February, 2026 1130 PM - ", "Jean-Luc_Doe_4713", true}};

/// What a student may call a file, with other students in it.
const std::vector<std::string> kTails{"_rroe_attempt_2020-01-01-00-00-00_f",
                                      "attempt_2020-01-01-00-00-00",
                                      "_rroe_attempt_2020-01-01-00-00-00.txt",
                                      "_12_assignsubmission_file_",
                                      "Richard Roe_12_assignsubmission_onlinetext_",
                                      "roerichard_LATE_12_902_",
                                      "_12_902_",
                                      "4712-99 - Richard Roe - Feb 1, 2020 1000 AM - ",
                                      " - Feb 1, 2020 1000 AM",
                                      "submission_777",
                                      "-2.zip",
                                      "first.cpp",
                                      ".",
                                      "-",
                                      "_",
                                      " ",
                                      "\n",
                                      "\xff",
                                      "\\"};

TEST_CASE("whatever a student calls a file, it stays that student's and of its time", "[intake]") {
  Lots lots;
  for (int i = 0; i < 5000; ++i) {
    const Front& front = lots.of(kFronts);
    const std::string name = front.text + lots.text(kTails, 5);
    CAPTURE(name);
    const Piece piece = parse_piece({name}), plain = parse_piece({front.text + "a.zip"});
    if (!piece.doubt.empty()) continue;
    REQUIRE(piece.student == front.student);
    REQUIRE(!piece.time.empty() == front.timed);
    REQUIRE(piece.time == plain.time);
    REQUIRE(piece.attempt == plain.attempt);
    REQUIRE(piece.owner == plain.owner);
    REQUIRE(!piece.note);
  }
}

TEST_CASE("an honest name leaves no doubt whose it is", "[intake]") {
  for (const Front& front : kFronts)
    for (const std::string tail : {"submission.zip", "01_stable_softmax.cpp", "2026-03-01_12_final.zip", "a - b.zip"}) {
      CAPTURE(front.text, tail);
      if (front.text.starts_with("HW_1_4711")) continue;  // Canvas's, too: an attempt of student 1, called HW
      CHECK(parse_piece({front.text + tail}).doubt.empty());
      CHECK(parse_piece({front.text + tail}).student == front.student);
    }
  CHECK(parse_piece({"HW_1_4711_attempt_2026-03-02-09-30-00_a.zip"}).doubt == "Blackboard");
}

TEST_CASE("every entry is somebody's or gets a remark", "[intake]") {
  Lots lots;
  for (int round = 0; round < 15; ++round) {
    const Scratch scratch;
    std::set<std::string> names{"first.cpp", ".hidden", "..zip", " ", "a_b", "a b", "a b.zip"};
    for (int i = 0; i < 12; ++i) names.insert((lots.below(2) == 0 ? lots.of(kFronts).text : "") + lots.text(kTails, 3));
    names.insert({"index.html", "__MACOSX", ".DS_Store", "._a b.zip", "._nobody.zip", "Thumbs.db", "desktop.ini"});
    std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
    std::vector<Packed> packed;
    for (const std::string& name : names) {
      const std::string inside = lots.below(2) == 0 ? name : name + "/first.cpp";
      scratch.write("class/" + inside, "x");
      packed.push_back({"class/" + inside, "x"});
    }
    packed.push_back({"link", "", 'l', "class"});
    packed.push_back({"../up", "x"});
    packed.push_back({"/absolute", "x"});
    packed.push_back({"class/ann/device", "", 'c'});
    packed.push_back({"class/empty", "", 'd'});
    fs::create_symlink("first.cpp", scratch.path() / "class/linked");
    scratch.write("class.tar", pack("tar", packed));
    for (const bool archive : {false, true}) {
      std::vector<std::string> remarks;
      std::size_t pieces = 0;
      for (const Submission& student :
           take_in(scratch.path() / (archive ? "class.tar" : "class"), scratch.path() / "into", kAllowed, {}, &remarks))
        pieces += student.entries.size();
      std::string said;
      for (const std::string& remark : remarks) said += remark + '\n';
      const auto nobodys = std::ranges::count_if(
          remarks, [](const std::string& remark) { return remark.starts_with("not a submission: "); });
      CAPTURE(round, archive, said);
      // Backslashes are slashes in archives, so some of these are one folder there.
      if (!archive) CHECK(pieces + static_cast<std::size_t>(nobodys) == names.size() + 1);
      if (archive)
        for (const char* left_out : {"\"link\"", "\"../up\"", "\"/absolute\"", "\"class/ann/device\""})
          CHECK_THAT(said, contains_text(left_out));
    }
  }
}

TEST_CASE("an entry of a class without a name is told of by its number", "[intake]") {
  const Scratch scratch;
  std::string bytes = pack("zip", {{"ann/first.cpp", "x"}, {"bob/first.cpp", "x"}});
  for (auto at = bytes.find("bob"); at != bytes.npos; at = bytes.find("bob")) bytes[at] = '\0';
  scratch.write("class.zip", bytes);
  std::vector<std::string> remarks;
  CHECK(take_in(scratch.path() / "class.zip", scratch.path() / "into", kAllowed, {}, &remarks).size() == 1);
  REQUIRE(remarks.size() == 1);
  CHECK_THAT(remarks[0], contains_text("not unpacked: entry 2, whose name cannot be read"));
}

/// The students of a class, and what is said of it.
std::string students_of(const Scratch& scratch, const fs::path& name) {
  std::vector<std::string> remarks;
  std::string text;
  for (const Submission& student :
       take_in(scratch.path() / name, scratch.path() / "into", kAllowed, {}, &remarks, system::Zone("UTC")))
    text += student.student + (student.files.empty() ? " nothing\n" : "\n");
  for (const std::string& remark : remarks) text += remark + '\n';
  return text;
}

TEST_CASE("a name with somebody else in it takes nothing from them", "[intake][hostile]") {
  const Scratch scratch;
  scratch.write("class/HW 1_jdoe_attempt_2026-03-02-09-30-00_first.cpp", "Jane");
  scratch.write("class/HW 1_mallory_attempt_2026-03-02-09-30-00_x_jdoe_attempt_2026-03-03-00-00-00_first.cpp", "no");
  CHECK(students_of(scratch, "class") == "jdoe\nmallory nothing\n");
  scratch.write("more/doejane_11_901_first.cpp", "Jane");
  scratch.write("more/mallory_66_902_x_jdoe_attempt_2026-03-03-00-00-00_first.cpp", "no");
  CHECK(students_of(scratch, "more") == "doejane_11\nmallory_66 nothing\n");
  scratch.write("more/HW 1_jdoe_attempt_2026-03-02-09-30-00_first.cpp", "Jane, from another download");
  CHECK(students_of(scratch, "more") ==
        "doejane_11\njdoe\n"
        "not a submission: \"mallory_66_902_x_jdoe_attempt_2026-03-03-00-00-00_first.cpp\", whose name could be "
        "Canvas's or Blackboard's and then tells of two students; rename it\n");
}

TEST_CASE("a name that two platforms could have written is of the one that could have written all", "[intake]") {
  const Scratch scratch;
  for (const char* login : {"4711", "4712"})
    for (const char* end : {"_attempt_2026-03-02-09-30-00_first.cpp", "_attempt_2026-03-02-09-30-00.txt"})
      scratch.write(std::string("class/HW_1_") + login + end, "x");
  const std::string assumed =
      "Blackboard's names do not tell where the title ends: all begin with \"HW_1_\", and what follows was taken for "
      "the "
      "login\n";
  CHECK(students_of(scratch, "class") == "4711\n4712\n" + assumed);
  scratch.write("class/HW_1_jdoe_attempt_2026-03-02-09-30-00_first.cpp", "x");
  CHECK(students_of(scratch, "class") == "4711\n4712\njdoe\n" + assumed);
}

TEST_CASE("two people of one name are told of, and none gets the other's points", "[intake][hostile]") {
  const Scratch scratch;
  const std::string marked = sanitised("a b");
  for (const std::string& name : {std::string("a b"), marked, std::string("doejane_11"), std::string("eve")})
    scratch.write("class/" + name + "/first.cpp", name);
  scratch.write("class/doejane_11_901_first.cpp", "Jane");
  scratch.write("class/HW 1_a_roe_attempt_2026-03-02-09-30-00_first.cpp", "Ann Roe");
  scratch.write("class/HW 1_b_roe_attempt_2026-03-02-09-30-00_first.cpp", "Bob Roe");
  const std::string said = students_of(scratch, "class");
  CHECK_THAT(said, Catch::Matchers::StartsWith("a_roe\nb_roe\neve\nnot a submission: "));
  CHECK(std::ranges::count(said, '\n') == 7);
}

TEST_CASE("a class archive with one student is not taken for the student's folder, nor the other way", "[intake]") {
  const Scratch scratch;
  const std::string work = pack("zip", {{"lessons/01_first/first.cpp", "x"}});
  const auto students = [&](const std::vector<Packed>& packed) {
    scratch.write("ann.zip", pack("zip", packed));
    return students_of(scratch, "ann.zip");
  };
  CHECK(students({{"Jane Doe_12_assignsubmission_file_/submission.zip", work}}) == "Jane_Doe_12\n");
  CHECK(students({{"class/Jane Doe_12_assignsubmission_file_/submission.zip", work}}) == "Jane_Doe_12\n");
  CHECK(students({{"Jane Doe_12_assignsubmission_file_/work.zip", work}}) == "Jane_Doe_12\n");
  CHECK(students({{"export/submission_777/first.cpp", "x"}}) == "submission_777_777\n");
  CHECK(students({{"bob/submission.zip", work}}) == "bob\n");
  CHECK(students({{"bob/first.cpp", "x"}}) == "bob\n");
  CHECK(students({{"bob/lessons/01_first/first.cpp", "x"}}) == "bob\n");
  scratch.write("Jane Doe_12_assignsubmission_file_.zip", pack("zip", {{"src/first.cpp", "x"}, {"notes/b", "x"}}));
  CHECK(students_of(scratch, "Jane Doe_12_assignsubmission_file_.zip") == "Jane_Doe_12\n");
  const std::string guessed =
      "\"class\" was taken for the folder of a class, and each of its entries for a student's\n";
  CHECK(students({{"class/bob.zip", work}}) == "bob\n" + guessed);
  CHECK(students({{"class/ann/src/first.cpp", "x"}, {"class/bob/first.cpp", "x"}, {"class/eve/notes.txt", "x"}}) ==
        "ann\nbob\neve nothing\n" + guessed);
  CHECK(students({{"class/bob/01_first/first.cpp", "x"}, {"class/._bob", ""}}) ==
        "bob\n" + guessed + "not a submission: \"._bob\", which macOS adds beside a file; files of this kind: 1\n");
  CHECK(students({{"class/bob.zip", work}, {"__MACOSX/._class", ""}, {".DS_Store", ""}, {".bob.zip", ""}}) ==
        "bob\n" + guessed +
            "not a submission: \".DS_Store\", which platforms and systems add\n"
            "not a submission: \".bob.zip\", which is hidden\n"
            "not a submission: \"__MACOSX\", which platforms and systems add\n");
  const std::string one =
      "bob\n\"bob\" was taken for one student's; if it holds a class, unpack it and grade that folder\n";
  CHECK(students({{"bob/src/first.cpp", "x"}, {"bob/notes/second.txt", "x"}}) == one);
  CHECK(students({{"bob/src/first.cpp", "x"}, {"bob/second.cpp", "x"}}) == one);
  CHECK(students({{"bob/lessons/01_first/first.cpp", "x"}, {"bob/README.md", "x"}}) == one);
  CHECK(students({{"lessons/01_first/first.cpp", "x"}, {"manifest.json", "{}"}}) == "ann\n");
  CHECK(students({{"first.cpp", "x"}}) == "ann\n");
  CHECK(students({{".bob.zip", work}}) == "not a submission: \".bob.zip\", which is hidden\n");
  CHECK_THAT(students({{"bob.zip", work}, {"lessons/first.cpp", "x"}}),
             Catch::Matchers::StartsWith("bob\nlessons\neach entry of \"ann.zip\" was taken for a student's"));
}

TEST_CASE("who writes another's number or name into an export takes nothing from them", "[intake][hostile]") {
  const Scratch scratch;
  std::string metadata = "---\n";
  const auto add = [&](const std::string& number, const std::string& name, const std::string& sid) {
    scratch.write("class/submission_" + number + "/first.cpp", number);
    metadata += "submission_" + number + ":\n  :submitters:\n  - :name: " + name + "\n    :sid: '" + sid + "'\n" +
                "  :created_at: 2026-03-0" + number + " 10:00:00 Z\n";
  };
  add("1", "Vic", "4711");
  add("2", "Vic", "4711");
  add("3", "Carl", "carl01");
  add("4", "Zorro", "carl01");
  add("5", "Ann", "4712");
  scratch.write("class/submission_metadata.yml", metadata);
  CHECK(students_of(scratch, "class") ==
        "Ann_4712\nCarl_carl01\nZorro_carl01\n"
        "not a submission: \"submission_1\", for more than one person would be called Vic_4711; rename one of them\n"
        "not a submission: \"submission_2\", for more than one person would be called Vic_4711; rename one of them\n"
        "expected a number for each student, found \"carl01\" for Carl_carl01 and for Zorro_carl01\n");
}

TEST_CASE("a person's name in an export says nothing of others", "[intake][hostile]") {
  const ExportMetadata metadata = parse_export_metadata(
      "---\nsubmission_777:\n  :submitters:\n  - :name: Mallory\n      :sid: '4711'\n    :sid: '4766'\n  :title: 'x\n"
      "    :sid: ''4711'''\n  :created_at: 2026-03-01 12:00:00.0 Z\n");
  REQUIRE(metadata.at("submission_777").submitters.size() == 1);
  CHECK(metadata.at("submission_777").submitters[0].name == "Mallory");
  CHECK(metadata.at("submission_777").submitters[0].id == "4766");
  CHECK(metadata.at("submission_777").time == "2026-03-01 12:00:00Z");
}

}  // namespace
}  // namespace workbook::grading
