#include <catch2/catch.hpp>

#include "common/tensor/lanes.h"
#include "common/tensor/tensor.h"

using namespace workbook;

TEST_CASE("sums of lanes are sums of lanes, in order") {
  Floats rows[kLanes];
  for (int i = 0; i < kLanes; ++i)
    for (int lane = 0; lane < kLanes; ++lane) rows[i][lane] = static_cast<float>((i * 37 + lane * lane) % 101);
  float expected[kLanes], largest[kLanes];
  for (int i = 0; i < kLanes; ++i) {
    expected[i] = largest[i] = 0;
    for (int lane = 0; lane < kLanes; ++lane) {
      expected[i] += rows[i][lane];
      largest[i] = std::max(largest[i], rows[i][lane]);
    }
    CHECK(sum_of_lanes(rows[i]) == expected[i]);
    CHECK(largest_of_lanes(rows[i]) == largest[i]);
  }
  const Floats sums = sums_of_lanes(rows);
  for (int i = 0; i < kLanes; ++i) CHECK(sums[i] == expected[i]);
}

TEST_CASE("numbers that are widened are where widened_lane says") {
  float floats[2 * kLanes], out[2 * kLanes];
  bfloat16 halves[2 * kLanes + 1];
  for (int i = 0; i < 2 * kLanes; ++i) {
    floats[i] = static_cast<float>(3 * i - 40);
    halves[i + 1] = bfloat16(floats[i]);  // from any address
  }
  widen(floats, out);
  for (int i = 0; i < 2 * kLanes; ++i) CHECK(out[widened_lane<float>(i)] == floats[i]);
  widen(halves + 1, out);
  for (int i = 0; i < 2 * kLanes; ++i) CHECK(out[widened_lane<bfloat16>(i)] == floats[i]);
}
