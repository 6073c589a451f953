#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::stable_softmax;

TEST_CASE("softmax of equal logits is uniform", "[basic][softmax][2pt]") {
  const Tensor x({2, 4}, 3.f);
  CHECK_THAT(student<softmax>(x), matches(Tensor({2, 4}, 0.25f), exact()));
  CHECK_THAT(evidence(), workspace_at_most(4096, "a row or two"));
}
TEST_CASE("log_sum_exp of one logit is that logit", "[basic][log_sum_exp][1pt]") {
  const Tensor x = random_large_logits({5, 1});
  CHECK_THAT(student<log_sum_exp>(x), matches(x.reshaped({5}), exact()));
}
