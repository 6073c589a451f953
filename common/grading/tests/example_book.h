#pragma once
/// A gradebook with everything hostile in it, and a reader of tables, for the tests of what is exported.

#include <string>
#include <vector>

#include "common/grading/gradebook/gradebook.h"

namespace workbook::grading {

inline const std::string kHostile =
    "</pre><script>alert(1)</script> ]]> & \" ' ``` ~~~\n=HYPERLINK(\"http://x\")\x1b[31m\x07\xff";
inline const std::string kSecret = "TheSecretOfTheHiddenTest";

/// One student, two lessons: one graded with everything hostile in it, the other as given.
inline Gradebook make_book(const std::string& policy = "{}") {
  Gradebook book;
  book.lessons = {{"01_one",
                   "One",
                   {{"01_one/a", "a public test", "basic", "f", 2}, {"01_one/b", kSecret, "hidden", "g", 3}},
                   {{kSecret, "Think of rows without keys."}}},
                  {"02_two", "Two", {{"02_two/a", "another", "advanced", "h", 5}}, {}}};
  book.policy = parse_policy(policy, "policy.json", {"01_one", "02_two"});
  Submission ada;
  ada.student = "ada";
  ada.name = "=cmd|'/c calc'!A1 <b>";
  ada.problems = {"remark " + kHostile};
  book.submissions = {ada};
  const LessonResult result{
      "01_one",
      true,
      "",
      {{"01_one/a", Verdict::crashed, kHostile, kHostile}, {"01_one/b", Verdict::wrong, kSecret + kHostile, kSecret}}};
  book.results.graded[{"ada", "01_one"}] = result;
  return book;
}

inline Gradebook applied(Gradebook book) {
  apply_policy(book);
  return book;
}

/// The rows of an RFC 4180 table.
inline std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& cell = rows.back().back();
    if (quoted && text.substr(i, 2) == "\"\"")
      cell += text[i++];
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && text[i] == ',')
      rows.back().emplace_back();
    else if (!quoted && text.substr(i, 2) == "\r\n") {
      rows.push_back({""});
      ++i;
    } else {
      cell += text[i];
    }
  }
  rows.pop_back();
  return rows;
}

}  // namespace workbook::grading
