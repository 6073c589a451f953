#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::cuda_target;

namespace {

Tensor doubled(const Tensor& x) {
  Tensor y = x;
  for (float& value : y.values()) value *= 2;
  return y;
}

}  // namespace

// Sizes at which the arguments of a launch hold no result.
TEST_CASE("on the device", "[basic][twice][1pt]") {
  const Tensor x = random_normal({64, 64});
  Tensor y({64, 64});
  student<twice>(x, y, {});
  CHECK_THAT(y, matches(doubled(x), exact()));
  CHECK_THAT(device(), launches_at_most(1, "one kernel"));
  CHECK_THAT(device(), loads_within(4.0 * 64 * 64, 4.0 * 64 * 64, "each element once"));
}

TEST_CASE("in place", "[basic][double_it][1pt]") {
  const Tensor x = random_normal({64, 64});
  Tensor y = x;
  student<double_it>(y, {});
  CHECK_THAT(y, matches(doubled(x), exact()));
}

TEST_CASE("there and back", "[basic][twice_over_there][1pt]") {
  const Tensor x = random_normal({64, 64});
  const Tensor y = student<twice_over_there>(x);
  CHECK_THAT(y, matches(doubled(x), exact()));
  CHECK_THAT(device(), DoneOnDevice(x.values(), y.values()));
}
