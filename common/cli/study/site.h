#pragma once
/// What the server of `study` answers to those whom the gate let in. Knows no server.

#include <mutex>
#include <optional>
#include <string>

#include "common/cli/command.h"
#include "common/cli/study/desk.h"

namespace workbook::cli::study {

struct Reply {
  int status = 200;
  std::string type = "text/html; charset=utf-8";
  std::string body{};
};

/// A sentence for the reader, as a reply.
Reply refusal(int status, const std::string& sentence);

/// Every function may be called from any thread.
class Site {
 public:
  /// @param documentation  the folder of the built pages; without one, the lessons' texts are shown plainly
  Site(const Book& book, std::optional<fs::path> documentation, Desk& desk);

  /// @param path    decoded, "/lesson_02_scaled_dot_product.html"
  /// @param lesson  id of the lesson that the page is about; may be empty
  Reply get(const std::string& path, const std::string& lesson) const;

  /// What a student asks for by a click. @param body  JSON
  Reply post(const std::string& path, const std::string& body);

  /// The lesson with that id, or null.
  const Lesson* lesson(const std::string& id) const;

 private:
  Reply page(const std::string& path) const;
  /// Those that were shown before, and one more if `more` is wanted or none was.
  Reply hints(const Lesson& lesson, int todo, bool more);

  const Book& book_;
  std::optional<fs::path> documentation_;
  Desk& desk_;
  mutable std::mutex work_;  // on the student's files and .workbook/
};

/// The page of a lesson: "/lesson_02_scaled_dot_product.html".
std::string page_address(const Lesson& lesson);

}  // namespace workbook::cli::study
