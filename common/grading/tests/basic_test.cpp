#include "common/checker/catch.h"
#include "common/checker/inputs.h"
#include "common/checker/matchers.h"
#include "common/checker/student.h"
#include "target.h"

using namespace workbook;

namespace {

Tensor twice(Tensor x) {
  for (std::int64_t i = 0; i < x.size(); ++i) x.values()[i] *= 2;
  return x;
}

}  // namespace

TEST_CASE("every element is doubled, call after call", "[basic][twice][2pt]") {
  limit_memory(16 << 20);
  for (int call = 0; call < 2; ++call) {
    const Tensor x = random_normal({5, 3});
    CHECK_THAT(student<target::twice>(x), matches(twice(x), exact()));
    CHECK_THAT(evidence(), workspace_at_most(64 << 10, "the result is all that is needed"));
  }
}

TEST_CASE("a large tensor is doubled in little memory", "[hidden][twice][3pt]") {
  limit_memory(16 << 20);
  const Tensor x = random_normal({512, 128});
  CHECK_THAT(student<target::twice>(x), matches(twice(x), exact()));
  CHECK_THAT(evidence(), workspace_at_most(64 << 10, "the result is all that is needed"));
}
