/// Evidence: what the worker meters during a call. Not part of sanitizer builds, which bring their own allocator.

#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::probe;

namespace {
constexpr std::int64_t kMiB = 1 << 20;

/// The probe's own overhead: its code's stack and static data.
constexpr std::uint64_t kSlack = 16 * 1024;
}  // namespace

TEST_CASE("memory is counted by every route", "[basic][use_memory][1pt]") {
  const auto route =
      GENERATE(Route::malloc, Route::calloc, Route::realloc, Route::operator_new, Route::aligned_new,
               Route::posix_memalign, Route::mmap, Route::eigen, Route::stack_array, Route::other_thread);
  student<use_memory>(route, kMiB);
  INFO(describe(route));
  CHECK(evidence().counts().workspace() >= kMiB);
  CHECK(evidence().counts().workspace() <= kMiB + kSlack);
  const bool on_heap = route != Route::stack_array;
  CHECK((evidence().counts().heap_peak >= kMiB) == on_heap);
  CHECK((evidence().counts().stack >= kMiB) == !on_heap);
  CHECK(evidence().counts().kept < 1024);
}

TEST_CASE("arguments and results are no workspace, leaks are seen", "[basic][leak][1pt]") {
  const Tensor x = random_normal({256, 1024});
  student<positive>(x);
  CHECK(evidence().counts().returned >= 256 * 1024);
  CHECK_THAT(evidence(), workspace_at_most(kSlack, "the result is no workspace"));
  student<leak>(100'000);
  CHECK(evidence().counts().kept >= 100'000);
  CHECK(evidence().counts().kept < 110'000);
}

TEST_CASE("what a call took that threw is charged to nobody", "[basic][raise][1pt]") {
  CHECK_THROWS_AS(student<raise>("std::length_error"), std::length_error);
  CHECK(evidence().counts().workspace() > 0);
  CHECK_THAT(evidence(), workspace_at_most(0, "there is no result to take memory for"));
}

TEST_CASE("allocations are counted exactly", "[basic][rows_of][1pt]") {
  student<rows_of>(Tensor({4, 2}));
  // Four tensors, and a vector that grows to 1, 2 and 4.
  CHECK(evidence().counts().allocations == 7);
}

TEST_CASE("reads inside an argument are counted", "[basic][count][read_in_loop][1pt]") {
  const Tensor keys = random_normal({7, 16}), queries = random_normal({5, 16});
  student<read_in_loop>(keys, 3);
  CHECK(evidence().bytes_read(keys) == std::uint64_t{3 * 7 * 16 * 4});
  student<read_by_matmul>(queries, keys);
  CHECK(evidence().bytes_read(keys) == std::uint64_t{5 * 7 * 16 * 4});
  CHECK(evidence().bytes_read(queries) == std::uint64_t{5 * 7 * 16 * 4});
  student<read_by_copy>(keys);
  CHECK(evidence().bytes_read(keys) == std::uint64_t{7 * 16 * 4});
}

TEST_CASE("what is read and written of an object is counted", "[basic][count][Journal][1pt]") {
  const auto journal = student<construct<Journal, int>>(100);
  for (const float entry : {1.f, 2.f, 3.f}) student<&Journal::append>(journal, entry);
  CHECK(evidence().bytes_read(journal) == sizeof(float));
  CHECK_THAT(evidence(), touches_at_most(journal, sizeof(float), "an entry is written once"));
  student<total>(journal);
  CHECK(evidence().bytes_read(journal) == 3 * sizeof(float));
}

TEST_CASE("an object's storage is no workspace", "[basic][Journal][1pt]") {
  const auto journal = student<construct<Journal, int>>(4 << 20);
  student<&Journal::append>(journal, 1.f);
  CHECK_THAT(evidence(), workspace_at_most(kSlack, "an entry is written where it belongs", 16 * kMiB));
}
