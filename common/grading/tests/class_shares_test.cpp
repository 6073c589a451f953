/// A class's archive in which one student has too much.

#include <algorithm>

#include "common/checker/catch.h"
#include "common/grading/intake/intake.h"
#include "common/grading/tests/packer.h"
#include "common/system/errors.h"
#include "common/system/files.h"

namespace workbook::grading {
namespace {

const AllowedFiles kAllowed{{"01_first", {"first.cpp"}}, {"02_second", {"second.cpp"}}};

IntakeLimits small_limits() {
  IntakeLimits limits;
  limits.file_bytes = 64 << 10;
  limits.archive_bytes = 96 << 10;
  limits.entries = 20;
  limits.passed_bytes = 4 << 20;
  limits.class_bytes = 1 << 20;
  limits.class_entries = 1000;
  limits.class_share = 256 << 10;
  return limits;
}

struct Taken {
  std::string students, remarks;
};

/// Each student with what there is of lesson 01, or why all of it is refused.
Taken taken_from(const std::string& bytes, const IntakeLimits& limits = small_limits()) {
  const Scratch scratch;
  std::vector<std::string> remarks;
  Taken taken;
  for (const Submission& student :
       take_in(scratch.write("class.tgz", bytes), scratch.path() / "into", kAllowed, limits, &remarks))
    taken.students +=
        student.student + ": " +
        (student.files.empty() ? student.refused : system::read_file(student.files.at("01_first")).value()) + '\n';
  for (const std::string& remark : remarks) taken.remarks += remark + '\n';
  return taken;
}

/// `count` files of so many KiB, with `front` before their names; the rest of a class around them.
std::vector<Packed> class_with(const std::string& folder, const std::string& front, int count, std::size_t kib) {
  std::vector<Packed> packed{{folder + "ann/first.cpp", "Ann"}};
  for (int i = 0; i < count; ++i)
    packed.push_back({folder + front + std::to_string(i) + ".cpp", std::string(kib << 10, 'x')});
  packed.push_back({folder + "carl/first.cpp", "Carl"});
  packed.push_back({folder + "dora/first.cpp", "Dora"});
  return packed;
}

TEST_CASE("a student who has more than a share of a class's archive fails by name, and the others do not",
          "[intake][hostile]") {
  const std::string why =
      "expected at most 256 KiB and 20 entries of one student in the archive of a class, found more";
  const std::string format = GENERATE("zip", "tar", "tar.gz");
  const std::string folder = GENERATE("", "class/");
  const auto [count, kib] = GENERATE(std::pair(1200, 0), std::pair(40, 32), std::pair(21, 0), std::pair(9, 32));
  CAPTURE(format, folder, count, kib);
  const Taken nested = taken_from(pack(format, class_with(folder, "bob/a/b", count, static_cast<std::size_t>(kib))));
  CHECK(nested.students == "ann: Ann\nbob: \"bob\": " + why + "\ncarl: Carl\ndora: Dora\n");
  CHECK_THAT(nested.remarks, contains_text("not unpacked: all of bob: " + why + '\n'));
  // Many files beside the others' are one student's if the platform says so.
  const Taken loose = taken_from(pack(format, class_with(folder, "bob_7_9_", count, static_cast<std::size_t>(kib))));
  CHECK_THAT(loose.students,
             Catch::Matchers::StartsWith("ann: Ann\nbob_7: \"bob_7_9_0.cpp\": " + why + "\ncarl: Carl\n"));
}

TEST_CASE("a student who has a share of a class's archive and no more is graded", "[intake]") {
  const int count = GENERATE(18, 19);
  const auto packed = class_with("class/", "bob/", count, 8);
  std::vector<Packed> with_work{{"class/bob/first.cpp", "Bob"}};
  with_work.insert(with_work.end(), packed.begin(), packed.end());
  const Taken taken = taken_from(pack("zip", with_work));
  CHECK_THAT(taken.students, contains_text("bob: Bob\n"));
}

TEST_CASE("a file that nobody would read uses up nothing", "[intake]") {
  for (const char* format : {"zip", "tar.gz"}) {
    const Taken taken = taken_from(
        pack(format, {{"ann/first.cpp", "Ann"}, {"bob/core", std::string(2 << 20, '\0')}, {"bob/first.cpp", "Bob"}}));
    CHECK(taken.students == "ann: Ann\nbob: Bob\n");
    CHECK(taken.remarks == "not unpacked: \"bob/core\", which is larger than 96 KiB\n");
  }
}

TEST_CASE("the archive of a class has a limit, whatever each student has of it", "[intake][hostile]") {
  std::vector<Packed> many, large;
  for (int i = 0; i < 1001; ++i) many.push_back({"s" + std::to_string(i) + "/first.cpp", ""});
  for (int i = 0; i < 12; ++i) large.push_back({"s" + std::to_string(i) + "/first.cpp", std::string(96 << 10, 'x')});
  for (const char* format : {"zip", "tar.gz"}) {
    CHECK_THROWS_WITH(taken_from(pack(format, many)), contains_text("expected at most 1000 entries"));
    CHECK_THROWS_WITH(taken_from(pack(format, large)), contains_text("unpacks to at most 1 MiB"));
  }
  // What is left has to be unpacked to get past it, and that has an end, too.
  const std::vector<Packed> bomb{{"ann/first.cpp", "Ann"}, {"bob/core", std::string(5 << 20, '\0')}, {"carl/a", "x"}};
  CHECK_THROWS_WITH(taken_from(pack("tar.gz", bomb)), contains_text("unpacks to at most 4 MiB"));
  CHECK_THROWS_WITH(taken_from(pack("tar", bomb)), contains_text("expected an archive of at most 4 MiB"));
}

TEST_CASE("one student's remarks do not crowd out those of others", "[intake][hostile]") {
  std::vector<Packed> packed{{"ann/first.cpp", "Ann"}};
  for (int i = 0; i < 1100; ++i) packed.push_back({"bob/" + std::to_string(i), "", 'l', "x"});
  packed.push_back({"carl/link", "", 'l', "x"});
  const std::string said = taken_from(pack("tar", packed), {}).remarks;
  CHECK(std::ranges::count(said, '\n') == 22);
  CHECK_THAT(said, contains_text("not unpacked: \"carl/link\", which is a link\n"));
  CHECK_THAT(said, contains_text("not unpacked: 1080 more entries of bob\n"));
}

}  // namespace
}  // namespace workbook::grading
