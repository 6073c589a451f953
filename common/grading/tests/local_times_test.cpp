/// The times that platforms write without a zone.

#include <cstdlib>
#include <ctime>

#include "common/checker/catch.h"
#include "common/grading/intake/intake.h"
#include "common/grading/tests/packer.h"

namespace workbook::grading {
namespace {

const AllowedFiles kAllowed{{"01_first", {"first.cpp"}}};

/// The zone of the machine, as long as this lives.
class MachineIn {
 public:
  explicit MachineIn(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~MachineIn() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST_CASE("no time of a submission depends on the machine's time zone", "[intake]") {
  const Scratch scratch;
  scratch.write("class/HW 1_jdoe_attempt_2026-03-01-10-00-00_first.cpp", "Blackboard");
  scratch.write("class/4711-99 - Jane Doe - Mar 1, 2026 1000 AM/first.cpp", "Brightspace");
  scratch.write("class/submission_777/first.cpp", "Gradescope");
  scratch.write("class/submission_metadata.yml",
                "---\nsubmission_777:\n  :submitters:\n  - :name: Ann\n  :created_at: 2026-03-01 10:00:00.0 Z\n");
  for (const char* zone : {"UTC", "America/New_York", "Asia/Tokyo"}) {
    const MachineIn machine(zone);
    const auto taken = take_in(scratch.path() / "class", scratch.path() / "into", kAllowed);
    REQUIRE(taken.size() == 3);
    for (const Submission& student : taken) {
      CAPTURE(zone, student.student);
      CHECK(student.submitted_at.value().time_since_epoch().count() == 1772359200);
    }
  }
}

TEST_CASE("the policy's zone says what a local time means, and without one a remark says what was assumed",
          "[intake]") {
  const Scratch scratch;
  scratch.write("class/HW 1_jdoe_attempt_2026-07-01-10-00-00_first.cpp", "");
  const auto take = [&](const std::optional<system::Zone>& zone, std::vector<std::string>& remarks) {
    return take_in(scratch.path() / "class", scratch.path() / "into", kAllowed, {}, &remarks, zone).at(0);
  };
  const MachineIn machine("Asia/Tokyo");
  std::vector<std::string> remarks;
  CHECK(take(system::Zone("Europe/Berlin"), remarks).submitted_at == system::Zone("UTC").parse("2026-07-01 08:00"));
  CHECK(remarks.empty());
  CHECK(take({}, remarks).submitted_at == system::Zone("UTC").parse("2026-07-01 10:00"));
  CHECK(remarks == std::vector<std::string>{"the platform's names of files hold local times, which were taken for UTC: "
                                            "the policy's \"time_zone\" tells which zone they are of"});
  remarks.clear();
  scratch.write("plain/ann/first.cpp", "");
  take_in(scratch.path() / "plain", scratch.path() / "into", kAllowed, {}, &remarks);
  CHECK(remarks.empty());
}

TEST_CASE("a local time that no clock shows is unknown, and costs nothing else", "[intake]") {
  const Scratch scratch;
  scratch.write("class/HW 1_jdoe_attempt_2026-03-29-02-30-00_first.cpp", "");
  scratch.write("class/HW 1_rroe_attempt_2026-02-31-10-00-00_first.cpp", "");
  const auto taken =
      take_in(scratch.path() / "class", scratch.path() / "into", kAllowed, {}, nullptr, system::Zone("Europe/Berlin"));
  REQUIRE(taken.size() == 2);
  for (const Submission& student : taken) {
    CHECK(student.files.size() == 1);
    CHECK(!student.submitted_at);
    REQUIRE(student.problems.size() == 1);
    CHECK_THAT(student.problems[0], contains_text("when this was handed in is unknown: expected a time"));
  }
}

}  // namespace
}  // namespace workbook::grading
