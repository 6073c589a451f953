/// Launches and allocations that the simulator refuses on request, and what a matcher tells of who does not look.

#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::cuda_probe;

TEST_CASE("what CUDA refuses is thrown", "[basic][scaled][1pt]") {
  const auto scale = [] { student<scaled>(Tensor({100}), 3.0f); };
  CHECK_THAT(scale, throws_if_allocation_is_refused());
  CHECK_THAT(scale, throws_if_allocation_is_refused(3));                          // there is no third
  CHECK_THAT(student<scaled>(Tensor({1}), 3.0f), matches(Tensor({1}), exact()));  // the calls after it go well
}

TEST_CASE("a refused launch that nobody looks at is wrong", "[basic][transpose][1pt]") {
  Tensor y({3, 2});
  const auto transpose_it = [&] { student<transpose>(Tensor({2, 3}), y, false, {}); };
  const bool matched = throws_if_launch_is_refused().match(transpose_it);
  const auto told = session().take_explanation();
  CHECK_FALSE(matched);
  REQUIRE(told);
  CHECK_THAT(told->text(),
             contains_text("launch 1 was refused, cudaErrorLaunchOutOfResources. It returned; expected a"));
  CHECK_THAT(told->text(), contains_text("check(cudaGetLastError()) behind it throws"));
  CHECK_THAT(transpose_it, throws_if_launch_is_refused(2));  // there is no second
}
