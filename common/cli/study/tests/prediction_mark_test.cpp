/// Which predictions count as right.

#include "common/cli/study/prediction_mark.h"

#include <string>

#include "common/checker/catch.h"

using namespace workbook::cli::study;

namespace {

std::string marked(const char* prediction, const char* answer) {
  const auto mark = mark_of(prediction, answer);
  return mark ? std::string(name(*mark)) : "";
}

}  // namespace

TEST_CASE("a number is right, near within 10 %, or wrong", "[study]") {
  CHECK(marked("384", "384") == "right");
  CHECK(marked("about 384 tokens", "384") == "right");
  CHECK(marked("~400", "384") == "near");
  CHECK(marked("128", "384") == "wrong");
  CHECK(marked("135", "136") == "near");
  CHECK(marked("1.5", "1.50") == "right");
  CHECK(marked("1,25 GiB", "1.25 GiB") == "right");
  CHECK(marked("1 048 576", "1048576") == "right");
  CHECK(marked("1,048,576", "1048576") == "right");
  CHECK(marked("0.007", "0.0072") == "near");
}

TEST_CASE("a number with a unit is converted", "[study]") {
  CHECK(marked("1280 MiB", "1.25 GiB") == "right");
  CHECK(marked("1.25", "1.25 GiB") == "right");
  CHECK(marked("16 MB", "16 MiB") == "near");
  CHECK(marked("16 KiB", "16 MiB") == "wrong");
  CHECK(marked("1.4 MiB", "1 MiB") == "wrong");
  CHECK(marked("8 Ki tokens", "8192") == "right");
}

TEST_CASE("numbers may be words", "[study]") {
  CHECK(marked("0", "None") == "right");
  CHECK(marked("none at all", "none") == "right");
  CHECK(marked("1", "one") == "right");
  CHECK(marked("two pages", "one") == "wrong");
}

TEST_CASE("several numbers are right when each one is, in their order", "[study]") {
  CHECK(marked("[4, 4, 512, 512]", "[4, 4, 512, 512]") == "right");
  CHECK(marked("4x4x512x512", "[4, 4, 512, 512]") == "right");
  CHECK(marked("4,4,512,512", "[4, 4, 512, 512]") == "right");
  CHECK(marked("[4, 512, 512]", "[4, 4, 512, 512]") == "wrong");
  CHECK(marked("0 0 nan", "0, 0, NaN") == "right");
  CHECK(marked("NaN, 0, 0", "0, 0, NaN") == "wrong");
}

TEST_CASE("what shows no single number is not marked", "[study]") {
  CHECK(marked("no idea, 3 or 4", "384").empty());
  CHECK(marked("more", "384").empty());
  CHECK(marked("", "384").empty());
  CHECK(marked("384", "all of them").empty());
}
