#include "common/grading/intake/layouts.h"

#include <algorithm>

#include "common/checker/catch.h"
#include "common/grading/tests/packer.h"
#include "common/system/files.h"

namespace workbook::grading {
namespace {

const AllowedFiles kAllowed{{"01_first", {"first.cpp"}}, {"02_second", {"second.cpp"}}};

std::string submission(const std::string& content) { return pack("zip", {{"lessons/01_first/first.cpp", content}}); }

/// "student: content of lesson 01" of each. `remarks`: those of the class.
std::string taken_from(const Scratch& scratch, const fs::path& name, std::vector<std::string>* remarks = nullptr) {
  std::string text;
  for (const Submission& student :
       take_in(scratch.path() / name, scratch.path() / "into", kAllowed, {}, remarks, system::Zone("UTC"))) {
    text += student.student + ":";
    if (!student.refused.empty()) text += " refused";
    for (const auto& [lesson, file] : student.files) text += ' ' + system::read_file(file).value();
    text += '\n';
  }
  return text;
}

TEST_CASE("Canvas: late ones, resubmissions, loose files", "[intake]") {
  const Scratch scratch;
  scratch.write("class/doejane_LATE_11_901_submission.zip", submission("early"));
  scratch.write("class/doejane_LATE_11_901_submission-2.zip", submission("late"));
  scratch.write("class/roerichard_12_902_first.cpp", "loose");
  scratch.write("class/roerichard_12_902_second-1.cpp", "second");
  scratch.write("class/doejane_13_903_submission.zip", submission("another Jane"));
  CHECK(taken_from(scratch, "class") == "doejane_11: late\ndoejane_13: another Jane\nroerichard_12: loose second\n");
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed);
  CHECK(taken[0].marked_late);
  CHECK(!taken[1].marked_late);
  CHECK(taken[0].lms_id == "11");
  CHECK(taken[0].platform == "Canvas");
  CHECK(
      taken[0].problems.at(0) ==
      "first.cpp was handed in more than once: \"doejane_LATE_11_901_submission-2.zip\" is the latest and counts, not "
      "\"doejane_LATE_11_901_submission.zip\"");
}

TEST_CASE("Canvas: the second number is the upload's, and files of one submission have several", "[intake]") {
  const Scratch scratch;
  scratch.write("class/roerichard_12_902_first.cpp", "loose");
  scratch.write("class/roerichard_12_907_second.cpp", "second");
  scratch.write("class/doejane_11_903_first.cpp", "older");
  scratch.write("class/doejane_11_1001_first.cpp", "newer");
  CHECK(taken_from(scratch, "class") == "doejane_11: newer\nroerichard_12: loose second\n");
  // Two parts look like two versions.
  scratch.write("parts/doejane_11_901_part-1.zip", submission("part 1"));
  scratch.write("parts/doejane_11_902_part-2.zip", pack("zip", {{"second.cpp", "part 2"}}));
  CHECK(taken_from(scratch, "parts") == "doejane_11: part 1 part 2\n");
  scratch.write("more/doejane_11_901_a.zip", submission("a"));
  scratch.write("more/doejane_11_902_first.cpp", "loose");
  CHECK(taken_from(scratch, "more") == "doejane_11: a\n");
  CHECK(
      take_in(scratch.path() / "more", scratch.path() / "into", kAllowed)[0].problems ==
      std::vector<std::string>{"first.cpp is in \"doejane_11_901_a.zip\" and in \"doejane_11_902_first.cpp\": the one "
                               "in \"doejane_11_901_a.zip\" counts, whose path is more like the workbook's"});
}

TEST_CASE("one file of a submission that cannot be read costs the others nothing", "[intake]") {
  const Scratch scratch;
  scratch.write("class/doejane_11_901_broken.zip", submission("x").substr(0, 60));
  scratch.write("class/doejane_11_902_first.cpp", "loose");
  scratch.write("class/roe_12_903_a.zip", "");
  scratch.write("class/roe_12_904_b.zip", "");
  CHECK(taken_from(scratch, "class") == "doejane_11: loose\nroe_12: refused\n");
  CHECK(take_in(scratch.path() / "class", scratch.path() / "into", kAllowed)[0].problems ==
        std::vector<std::string>{"left out: \"doejane_11_901_broken.zip\": cannot be read: its end is missing, as if a "
                                 "download or an upload had been cut off"});
}

TEST_CASE("Canvas: names with underscores, anonymous ones, text that was typed in", "[intake]") {
  const Scratch scratch;
  scratch.write("class/o_neil_11_901_first.cpp", "one");
  scratch.write("class/o_hara_LATE_12_902_first.cpp", "two");
  scratch.write("class/anon_aB3x9_903_first.cpp", "three");
  scratch.write("class/LATE_anon_cD4y8_904_first.cpp", "four");
  scratch.write("class/doejane_13_text.html", "<p>see attachment</p>");
  scratch.write("class/LATE_anon_eF5z7_text.html", "<p>see attachment</p>");
  CHECK(taken_from(scratch, "class") ==
        "anon_aB3x9: three\nanon_cD4y8: four\nanon_eF5z7: refused\ndoejane_13: refused\no_hara_12: two\n"
        "o_neil_11: one\n");
  const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed);
  REQUIRE(taken.size() == 6);
  CHECK(taken[0].lms_id == "");
  CHECK(taken[1].marked_late);
  CHECK(taken[4].marked_late);
}

TEST_CASE("Moodle: folders or files, online text beside them", "[intake]") {
  const Scratch scratch;
  scratch.write("class/Jane Doe_123456_assignsubmission_file_/submission.zip", submission("Jane"));
  scratch.write("class/Jane Doe_123456_assignsubmission_onlinetext_/onlinetext.html", "<p>done</p>");
  scratch.write("class/Bj\xc3\xb6rn A_123457_assignsubmission_file_first.cpp", "flat");
  CHECK(taken_from(scratch, "class") == "Bj__rn_A_123457: flat\nJane_Doe_123456: Jane\n");
  CHECK(take_in(scratch.path() / "class", scratch.path() / "into", kAllowed)[0].platform == "Moodle");
}

TEST_CASE("Blackboard: attempts and notes", "[intake]") {
  const Scratch scratch;
  scratch.write("class/HW 1_jdoe_attempt_2026-03-01-10-00-00_file.zip", submission("first attempt"));
  scratch.write("class/HW 1_jdoe_attempt_2026-03-02-09-30-00_file.zip", submission("second attempt"));
  scratch.write("class/HW 1_jdoe_attempt_2026-03-02-09-30-00.txt", "Name: Jane Doe");
  scratch.write("class/HW 1_rroe_attempt_2026-03-02-09-30-00.txt", "Name: Richard Roe");
  CHECK(taken_from(scratch, "class") == "jdoe: second attempt\nrroe: refused\n");
  CHECK(take_in(scratch.path() / "class", scratch.path() / "into", kAllowed)[0].submitted_at);
}

TEST_CASE("Blackboard: what all names begin with is the title, and logins may hold underscores", "[intake]") {
  const Scratch scratch;
  const auto add = [&](const std::string& folder, const std::string& owner, const std::string& content) {
    scratch.write(folder + '/' + owner + "_attempt_2026-03-01-10-00-00_first.cpp", content);
  };
  std::vector<std::string> remarks;
  for (const char* login : {"j_smith", "m_smith", "smith"}) add("a", std::string("Homework_") + login, login);
  CHECK(taken_from(scratch, "a", &remarks) == "j_smith: j_smith\nm_smith: m_smith\nsmith: smith\n");
  CHECK(remarks.empty());
  // Here the logins may also be 1_jdoe and 1_rroe.
  for (const char* login : {"jdoe", "rroe"}) add("b", std::string("HW_1_") + login, login);
  CHECK(taken_from(scratch, "b", &remarks) == "jdoe: jdoe\nrroe: rroe\n");
  CHECK(remarks == std::vector<std::string>{"Blackboard's names do not tell where the title ends: all begin with "
                                            "\"HW_1_\", and what follows was taken for the login"});
  remarks.clear();
  add("c", "HW_1_jdoe", "one");
  CHECK(taken_from(scratch, "c", &remarks) == "HW_1_jdoe: one\n");
  add("d", "HW_jdoe", "one");
  add("d", "Quiz_jdoe", "two");
  CHECK(taken_from(scratch, "d", &remarks) == "HW_jdoe: one\nQuiz_jdoe: two\n");
  const std::string why =
      "Blackboard's names do not tell where the title ends: title and login together were taken for "
      "the student's name";
  CHECK(remarks == std::vector<std::string>{why, why});
}

TEST_CASE("Blackboard: its notes tell login and name", "[intake]") {
  const Scratch scratch;
  const auto add = [&](const std::string& folder, const std::string& owner, const std::string& said) {
    const std::string front = folder + '/' + owner + "_attempt_2026-03-01-10-00-00";
    scratch.write(front + "_first.cpp", owner);
    scratch.write(front + ".txt", said + "\nAssignment: HW\nComments:\nName: Nobody (nobody)\n");
  };
  std::vector<std::string> remarks;
  add("a", "HW_1_j_doe", "Name: Jane (Janie) Doe (j_doe)");
  CHECK(taken_from(scratch, "a", &remarks) == "j_doe: HW_1_j_doe\n");
  add("a", "HW_1_j_roe", "Name: Richard Roe (j_roe)\r");
  CHECK(taken_from(scratch, "a", &remarks) == "j_doe: HW_1_j_doe\nj_roe: HW_1_j_roe\n");
  CHECK(take_in(scratch.path() / "a", scratch.path() / "into", kAllowed)[0].name == "Jane (Janie) Doe");
  CHECK(remarks.empty());
  // What does not fit the name of the file, or the other notes, tells nothing.
  add("b", "HW_1_jdoe", "Name: Jane Doe (rroe)");
  add("b", "HW_1_rroe", "Who: Richard Roe");
  CHECK(taken_from(scratch, "b", &remarks) == "jdoe: HW_1_jdoe\nrroe: HW_1_rroe\n");
  add("c", "HW_1_jdoe", "Name: Jane Doe (jdoe)");
  add("c", "HW_1_rroe", "Name: Richard Roe (1_rroe)");
  CHECK(taken_from(scratch, "c", &remarks) == "jdoe: HW_1_jdoe\nrroe: HW_1_rroe\n");
  CHECK(remarks.size() == 2);
}

TEST_CASE("Gradescope: each of a group has the group's result", "[intake]") {
  const Scratch scratch;
  scratch.write("class/submission_777/first.cpp", "both");
  scratch.write("class/submission_778/first.cpp", "alone");
  scratch.write("class/submission_metadata.yml",
                "---\nsubmission_777:\n  :submitters:\n  - :name: Jane Doe\n    :sid: '4711'\n    :email: j@x.edu\n"
                "  - :name: Richard Roe\n    :sid: ''\n    :email: r@x.edu\n  :created_at: 2026-03-01 12:00:00 Z\n"
                "submission_778:\n  :submitters:\n  - :name: Ann\n    :sid: '4713'\n");
  CHECK(taken_from(scratch, "class") ==
        "Ann_4713: alone\nJane_Doe_4711: both\n" + sanitised("Richard Roe", "r@x.edu") + ": both\n");
  CHECK(take_in(scratch.path() / "class", scratch.path() / "into", kAllowed).at(2).submitted_at);
}

TEST_CASE("Gradescope: an export with its metadata", "[intake]") {
  const Scratch scratch;
  scratch.write("export/assignment_1/submission_777/first.cpp", "Jane");
  scratch.write("export/assignment_1/submission_778/first.cpp", "nobody known");
  scratch.write("export/assignment_1/submission_metadata.yml",
                "---\nsubmission_777:\n  :submitters:\n  - :name: Jane Doe\n    :sid: '4711'\n    :email: j@x.edu\n"
                "  - :name: Richard Roe\n    :sid: '4712'\n"
                "  :created_at: 2026-03-01 12:00:00.000000000 Z\n  :history:\n  - :id: 1\n"
                "    :created_at: 2020-01-01 00:00:00.000000000 Z\n");
  CHECK(taken_from(scratch, "export/assignment_1") ==
        "Jane_Doe_4711: Jane\nRichard_Roe_4712: Jane\nsubmission_778_778: nobody known\n");
  const auto taken = take_in(scratch.path() / "export/assignment_1", scratch.path() / "into", kAllowed);
  CHECK(taken[0].submitted_at.value().time_since_epoch().count() == 1772366400);
}

TEST_CASE("Brightspace: the latest folder of each", "[intake]") {
  const Scratch scratch;
  scratch.write("class/index.html", "");
  scratch.write("class/4711-99 - Jane Doe - Feb 9, 2026 1130 PM/submission.zip", submission("Monday"));
  scratch.write("class/4711-99 - Jane Doe - Feb 10, 2026 930 AM/submission.zip", submission("Tuesday"));
  scratch.write("class/4712-99 - Jean-Luc Roe - 10 February, 2026 9:30 AM/first.cpp", "Roe");
  CHECK(taken_from(scratch, "class") == "Jane_Doe_4711: Tuesday\nJean-Luc_Roe_4712: Roe\n");
}

TEST_CASE("Brightspace: clocks of 24 hours, and dates in other languages", "[intake]") {
  const Scratch scratch;
  scratch.write("class/4711-99 - Jane Doe - Feb 9, 2026 930/first.cpp", "older");
  scratch.write("class/4711-99 - Jane Doe - Feb 9, 2026 2130/first.cpp", "newer");
  scratch.write("class/4712-99 - Jean Roe - 9 February, 2026 21:30/first.cpp", "Roe");
  scratch.write("class/4713-99 - Eva Poe - 9. Februar 2026 2130/first.cpp", "older");
  scratch.write("class/4713-99 - Eva Poe - 10. Februar 2026 0930/first.cpp", "newer");
  const auto now = fs::file_time_type::clock::now();
  for (const auto& [entry, hours] : {std::pair("9. Februar 2026 2130", 2), std::pair("10. Februar 2026 0930", 1)})
    fs::last_write_time(scratch.path() / "class" / (std::string("4713-99 - Eva Poe - ") + entry),
                        now - std::chrono::hours(hours));
  CHECK(taken_from(scratch, "class") == "Eva_Poe_4713: newer\nJane_Doe_4711: newer\nJean_Roe_4712: Roe\n");
  const auto taken =
      take_in(scratch.path() / "class", scratch.path() / "into", kAllowed, {}, nullptr, system::Zone("UTC"));
  CHECK(!taken.at(0).submitted_at);
  CHECK(taken.at(1).submitted_at == system::Zone("UTC").parse("2026-02-09 21:30"));
  CHECK(taken.at(2).submitted_at == system::Zone("UTC").parse("2026-02-09 21:30"));
}

TEST_CASE("plain: one entry for each student, or one archive of all", "[intake]") {
  const Scratch scratch;
  scratch.write("class/.DS_Store", "");
  scratch.write("class/ann.tar.gz", pack("tar.gz", {{"01_first/first.cpp", "Ann"}}));
  scratch.write("class/bob/again.zip", pack("zip", {{"submission.zip", submission("Bob")}}));
  scratch.write("class/cid/first.cpp", "Cid");
  scratch.write("class/dan.rar", "Rar!");
  scratch.write("class/eve.zip", pack("zip", {{"submission.zip", submission("Eve")}}));
  CHECK(taken_from(scratch, "class") == "ann: Ann\nbob: Bob\ncid: Cid\ndan.rar: refused\neve: Eve\n");
  scratch.write("class.zip", pack("zip", {{"class/ann.zip", submission("Ann")},
                                          {"class/../../bob.zip", "x"},
                                          {"class/ann.zip/inner", "x"},
                                          {"class/ann.zip", "twice"},
                                          {"class/cid/01_first/first.cpp", "Cid"}}));
  CHECK(taken_from(scratch, "class.zip") == "ann: Ann\ncid: Cid\n");
}

TEST_CASE("the newest of one student's entries counts", "[intake]") {
  const Scratch scratch;
  const fs::path folder = scratch.write("class/ann/first.cpp", "folder").parent_path();
  const fs::path zip = scratch.write("class/ann.zip", submission("zip"));
  fs::last_write_time(zip, fs::last_write_time(folder) - std::chrono::hours(1));
  CHECK(taken_from(scratch, "class") == "ann: folder\n");
  fs::last_write_time(zip, fs::last_write_time(folder) + std::chrono::hours(1));
  CHECK(taken_from(scratch, "class") == "ann: zip\n");
  CHECK(take_in(scratch.path() / "class", scratch.path() / "into", kAllowed)[0].problems ==
        std::vector<std::string>{"handed in more than once: \"ann.zip\" is the latest and counts, not \"ann\""});
}

TEST_CASE("in the archive of a class, the times in it tell which of one student's entries is the newest", "[intake]") {
  const Scratch scratch;
  const std::int64_t day = 86'400;
  std::vector<Packed> packed{{"ann/first.cpp", "newer"}, {"ann.zip", submission("older")}, {"bob/first.cpp", "x"}};
  packed[0].seconds += day;
  for (const char* format : {"zip", "tar"}) {
    scratch.write("class.zip", pack(format, packed));
    CHECK(taken_from(scratch, "class.zip") == "ann: newer\nbob: x\n");
    std::swap(packed[0], packed[1]);
    scratch.write("class.zip", pack(format, packed));
    CHECK(taken_from(scratch, "class.zip") == "ann: newer\nbob: x\n");
  }
}

TEST_CASE("what looks like a browser's second download is told of and stays a student", "[intake]") {
  const Scratch scratch;
  for (const char* name : {"ann.zip", "ann (1).zip", "bob", "bob - Copy.zip", "cid (2).zip", "dan.zip", "dan copy.zip"})
    scratch.write(std::string("class/") + name + (fs::path(name).has_extension() ? "" : "/submission.zip"),
                  submission("x"));
  std::vector<std::string> remarks;
  const std::string students = taken_from(scratch, "class", &remarks);
  CHECK(std::ranges::count(students, '\n') == 7);
  const auto looks = [](const std::string& copy, const std::string& name) {
    return '"' + copy + "\" looks like another download or a copy of \"" + name +
           "\": each was taken for a student's; if both are one student's, remove one of them";
  };
  CHECK(remarks == std::vector<std::string>{looks("ann (1).zip", "ann.zip"), looks("bob - Copy.zip", "bob"),
                                            looks("dan copy.zip", "dan.zip")});
}

TEST_CASE("a name becomes safe, and names that differ stay different", "[intake]") {
  CHECK(sanitised("ann-2.b_C") == "ann-2.b_C");
  for (const std::string name : {"", ".", "..", "-rf", "=1+1", "a/b", "a b", "\xff", "a\nb", "../../etc"}) {
    const std::string safe = sanitised(name);
    CAPTURE(name, safe);
    CHECK(safe.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == safe.npos);
    CHECK(safe.find_first_of(".-") != 0);
    CHECK(safe != name);
  }
  CHECK(sanitised("a b") != sanitised("a_b"));
  CHECK(sanitised("a b") != sanitised("a\tb"));
  CHECK(sanitised(std::string(300, 'a') + 'b').size() <= 80);
  CHECK(sanitised(std::string(300, 'a') + 'b') != sanitised(std::string(300, 'a') + 'c'));
}

}  // namespace
}  // namespace workbook::grading
