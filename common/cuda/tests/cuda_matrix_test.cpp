/// 16-bit numbers, groups, matrices and asynchronous copies, against closed forms.

#include <limits>

#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::cuda_matrix;

namespace {

/// Multiples of 1/8 that 8 bits hold: their products and sums are exact.
Tensor eighths(const Shape& shape) {
  Tensor x(shape);
  for (float& v : x.values()) v = std::floor(static_cast<float>(session().random().uniform()) * 64 - 32) / 8;
  return x;
}

Tensor product_of(const Tensor& a, const Tensor& b, const Tensor& c) {
  Tensor d({16, 16});
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 16; ++j) {
      double sum = c.at(i, j);
      for (int k = 0; k < 16; ++k) sum += static_cast<double>(a.at(i, k)) * b.at(k, j);
      d.at(i, j) = static_cast<float>(sum);
    }
  return d;
}

void check_product(const std::string& way) {
  const Tensor a = eighths({16, 16}), b = eighths({16, 16}), c = eighths({16, 16});
  Tensor d({16, 16});
  student<product>(way, a, b, c, d);
  CHECK_THAT(d, matches(product_of(a, b, c), exact()));
}

}  // namespace

TEST_CASE("numbers of 16 bits are rounded to the nearest, ties to even", "[basic][rounded][1pt]") {
  const float inf = std::numeric_limits<float>::infinity(), tiny = std::ldexp(1.f, -24);
  const Tensor x({8}, {1 + 0x1p-11f, 1 + 0x3p-11f, 65504, 65519, 65520, -tiny, tiny / 2, 0.1f});
  CHECK_THAT(student<rounded>(x, false),
             matches(Tensor({8}, {1, 1 + 0x1p-9f, 65504, 65504, inf, -tiny, 0, 0.0999755859375f}), exact()));
  const Tensor y({5}, {1 + 0x1p-8f, 1 + 0x3p-8f, 3.4e38f, 1e-40f, 0.1f});
  CHECK_THAT(student<rounded>(y, true),
             matches(Tensor({5}, {1, 1 + 0x1p-6f, inf, 0x1p-133f, 0.10009765625f}), exact()));
}

TEST_CASE("all of them come back, all midpoints go to the even one", "[basic][misrounded][1pt]") {
  CHECK(student<misrounded>(false) == 0);
  CHECK(student<misrounded>(true) == 0);
}

TEST_CASE("halves are computed with as CUDA does", "[basic][arithmetic][1pt]") {
  const Tensor x({2}, {1.5f, 0.625f});
  Tensor y({14});
  student<arithmetic>(x, y);
  const Tensor expected({14}, {2.125f, 0.875f, 0.9375f, 2.400390625f, 2.4375f, 2.25f, 1.015625f, 0, 4.48046875f, 1.5f,
                               -1.5f, 0.625f, 8, 0});
  CHECK_THAT(y, matches(expected, exact()));
}

TEST_CASE("a pair of halves is one access", "[basic][doubled_halves][ncu][1pt]") {
  const Tensor x = eighths({64});
  Tensor y({64}), expected = x;
  for (float& v : expected.values()) v *= 2;
  student<doubled_halves>(x, y);
  CHECK_THAT(y, matches(expected, exact()));
  const CudaLaunch& pairs = device().launches.at(1);
  CHECK(pairs.loads.requests == 1);
  CHECK(pairs.loads.bytes == 128);
  CHECK(pairs.loads.sectors == 4);
  CHECK(pairs.stores.requests == 1);
  CHECK(pairs.stores.bytes == 128);
}

TEST_CASE("tiles reduce and vote", "[basic][tiles][1pt]") {
  const Tensor x = eighths({64});
  Tensor y({17}), expected({17});
  for (int t = 0; t < 8; ++t) {
    expected.at(8 + t) = x.at(8 * t);
    for (int i = 0; i < 8; ++i) {
      expected.at(t) += x.at(8 * t + i);
      expected.at(8 + t) = std::max(expected.at(8 + t), x.at(8 * t + i));
    }
  }
  expected.at(16) = 64 + 8 * (1 + 255);
  student<tiles>(x, y);
  CHECK_THAT(y, matches(expected, exact()));
  CHECK(device().launches.at(0).operations.barriers == 1);
}

TEST_CASE("wmma multiplies", "[basic][product][1pt]") {
  for (const char* way : {"wmma row", "wmma col", "wmma bfloat"}) {
    check_product(way);
    CHECK(device().launches.at(0).operations.matrix_flop == 2 * 16 * 16 * 16);
    CHECK(device().launches.at(0).loads.bytes == 3 * 256 * 4);
    CHECK(device().launches.at(0).stores.bytes == 256 * 4);
  }
}

TEST_CASE("ldmatrix and mma multiply", "[basic][product][ncu][1pt]") {
  for (const char* way : {"mma", "mma padded", "mma bfloat"}) {
    check_product(way);
    CHECK(device().launches.at(0).operations.matrix_flop == 2 * 16 * 16 * 16);
    CHECK(device().launches.at(0).shared_loads.bytes == (4 + 2 + 2) * 128);
    CHECK(device().launches.at(0).shared_loads.ideal == 4 + 2 + 2);
    CHECK(device().launches.at(0).shared_loads.wavefronts == (way == std::string("mma") ? 2u : 1u) * (4 + 2 + 2));
    CHECK(device().launches.at(0).operations.warp_collectives == 0);
  }
}

TEST_CASE("each lane holds the elements that the PTX manual names", "[basic][product][1pt]") {
  for (const char* way : {"elements", "bfloat elements"}) check_product(way);
}

TEST_CASE("copies overlap with work", "[basic][pipelined][1pt]") {
  const Tensor x = eighths({200});
  Tensor y({200}), expected = x;
  for (float& v : expected.values()) v *= 2;
  student<pipelined>(x, y);
  CHECK_THAT(y, matches(expected, exact()));
  CHECK(device().loads().bytes == 200 * 4);
  CHECK(device().stores().bytes == 200 * 4);
}

TEST_CASE("the plain flavour copies and multiplies alike", "[basic][sim][product][1pt]") {
  check_product("mma padded");
  check_product("wmma col");
}
