/// Tensors, products, random numbers and comparison.

#include "common/checker/catch.h"
#include "common/tensor/compare.h"
#include "common/tensor/linalg.h"
#include "common/tensor/random.h"

using namespace workbook;

TEST_CASE("a shape knows its size and checks its extents", "[tensor]") {
  CHECK(Shape{2, 3, 4}.size() == 24);
  CHECK(Shape{2, 0, 4}.size() == 0);
  CHECK(Shape{2, 3}[-1] == 3);
  CHECK(to_string(Shape{2, 3}) == "[2, 3]");
  CHECK_THROWS_AS((Shape{2, 3}[2]), std::out_of_range);
  CHECK_THROWS_AS((Shape{2, 3}[-3]), std::out_of_range);
  CHECK_THROWS_AS((Shape{-1}), std::invalid_argument);
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS((Shape{std::int64_t{1} << 32, std::int64_t{1} << 32}), std::invalid_argument);
}

TEST_CASE("at() is row-major and checked", "[tensor]") {
  Tensor x({2, 3}, {0, 1, 2, 3, 4, 5});
  CHECK(x.at(1, 0) == 3);
  x.at(1, 2) = 9;
  CHECK(x.row(1)[2] == 9);
  CHECK_THROWS_WITH(x.at(2, 0), "[Tensor] index 2 is outside axis 0 of [2, 3]");
  CHECK_THROWS_WITH(x.at(1), "[Tensor] shape [2, 3] expects 2 indices here; found 1");
  CHECK_THROWS_AS(x.at(0, -1), std::out_of_range);
  CHECK_THROWS_AS(Tensor({2}, {1, 2, 3}), std::invalid_argument);
}

TEST_CASE("copies are deep and a moved-from tensor is empty", "[tensor]") {
  Tensor a({2}, {1, 2});
  Tensor b = a;
  b.at(0) = 7;
  CHECK(a.at(0) == 1);
  const Tensor c = std::move(a);
  CHECK(c == Tensor({2}, {1, 2}));
  CHECK(a.size() == 0);
  a = c;
  CHECK(a == c);
  CHECK(c.reshaped({1, 2}).shape() == Shape{1, 2});
  CHECK_THROWS_AS(c.reshaped({3}), std::invalid_argument);
}

TEST_CASE("views look into the tensor", "[tensor]") {
  Tensor x({2, 2, 3, 4});
  x.matrix(1, 0)(2, 3) = 5;
  CHECK(x.at(1, 0, 2, 3) == 5);
  CHECK(columns(x.matrix(1, 0), 3, 1)(2, 0) == 5);
  CHECK(rows(x.matrix(1, 0), 2, 1)(0, 3) == 5);
  CHECK_THROWS_AS(x.matrix(0, 2), std::out_of_range);
  CHECK_THROWS_WITH(columns(x.matrix(0, 0), 2, 3), "[columns] 2 to 4 were asked for; the view has 4");
  CHECK_THROWS_AS(rows(x.matrix(0, 0), -1, 1), std::out_of_range);
  CHECK(rows(x.matrix(0, 0), 3, 0).rows() == 0);
}

TEST_CASE("assigning views copies their elements", "[tensor]") {
  const Tensor x = Random(1).normal({3, 8});
  Tensor y({2, 3, 4});
  y.matrix(1) = columns(x.matrix(), 2, 4);
  CHECK(y.at(1, 2, 3) == x.at(2, 5));
  y.matrix(0) = y.matrix(1);
  CHECK(y.at(0, 1, 0) == x.at(1, 2));
  y.matrix(0) = 2 * y.matrix(1);
  CHECK(y.at(0, 1, 0) == 2 * x.at(1, 2));
  const ConstView readable = y.matrix(0);
  CHECK(readable(1, 0) == y.at(0, 1, 0));
  CHECK_THROWS_WITH(y.matrix(0) = x.matrix(), "[View] a view [3, 4] cannot be assigned a view [3, 8]");
}

TEST_CASE("products agree with three loops", "[tensor]") {
  Random random(1);
  const int m = 7, k = 13, n = 5;
  const Tensor a = random.normal({m, k}), b = random.normal({k, n});
  Tensor expected({m, n}), bt({n, k}), at({k, m});
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j)
      for (int l = 0; l < k; ++l) {
        expected.at(i, j) += a.at(i, l) * b.at(l, j);
        bt.at(j, l) = b.at(l, j);
        at.at(l, i) = a.at(i, l);
      }
  const auto near = [&](const Tensor& got, double factor) {
    Tensor64 scaled = to_double(expected);
    for (double& x : scaled.values()) x *= factor;
    return compare(to_double(got), scaled, rounding(8 * k, 4)).ok();
  };
  Tensor out({m, n}, std::numeric_limits<float>::quiet_NaN());  // beta = 0 must not read it
  matmul(a.matrix(), b.matrix(), out.matrix());
  CHECK(near(out, 1));
  matmul(a.matrix(), b.matrix(), out.matrix(), 1, 1);
  CHECK(near(out, 2));
  matmul_nt(a.matrix(), bt.matrix(), out.matrix(), 0.5f);
  CHECK(near(out, 0.5));
  matmul_tn(at.matrix(), b.matrix(), out.matrix(), 1, 2);
  CHECK(near(out, 2));
  CHECK_THROWS_WITH(matmul(a.matrix(), a.matrix(), out.matrix()),
                    "[matmul] shapes do not fit: a [7, 13], b [7, 13], out [7, 5]");
}

TEST_CASE("half types round as they should", "[tensor]") {
  CHECK(static_cast<float>(float16(65504.f)) == 65504.f);
  CHECK(static_cast<float>(bfloat16(1.f + 0x1p-9f)) == 1.f);
  CHECK(TensorOf<float16>({2}, float16(0.5f)).at(1) == float16(0.5f));
}

TEST_CASE("the same seed gives the same numbers, another seed others", "[tensor]") {
  CHECK(Random(1).normal({8}) == Random(1).normal({8}));
  CHECK_FALSE(Random(1).normal({8}) == Random(2).normal({8}));
  // Fixed for ever: graders on different machines must draw the same inputs.
  CHECK(Random(1).integer(0, 1'000'000) == 591568);
  Random random(3);
  const Tensor x = random.normal({100'000});
  double sum = 0, squares = 0;
  for (const float value : x.values()) {
    sum += value;
    squares += value * value;
  }
  CHECK(std::abs(sum / 100'000) < 0.02);  // five standard deviations of the mean
  CHECK(std::abs(squares / 100'000 - 1) < 0.03);
}

TEST_CASE("a comparison names the first and the worst error", "[tensor]") {
  const Tensor64 expected({1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  Tensor64 got = expected;
  got.at(0, 1, 0, 1) = 5.5;
  got.at(0, 1, 1, 1) = std::numeric_limits<double>::quiet_NaN();
  const Tolerance tolerance{0.1, 0, "by choice"};
  const Comparison found = compare(got, expected, tolerance);
  CHECK(explain(found, tolerance) ==
        "first wrong at (batch, head, row, column) (0, 1, 0, 1)\n"
        "expected 5, got 5.5\n"
        "worst error inf, limit 0.1 (by choice)\n"
        "2 of 8 values wrong");
  CHECK(picture(found) ==
        "by head  · ▒\n"
        "   row 0 ·█\n"
        "       1 ·█\n"
        "         · right   ▒ some wrong   █ wrong\n");
  CHECK(compare(expected, expected, exact()).ok());
}

TEST_CASE("numbers are shown as a person writes them", "[tensor]") {
  CHECK(show(static_cast<double>(0.1f)) == "0.1");
  CHECK(show(10'737'418'240.0) == "10737418240");
  CHECK(show(1.0 / 3) == "0.333333333");
  CHECK(explain(compare(Tensor64({1}, {2}), Tensor64({1}, {3}), exact()), exact()) ==
        "expected 3, got 2\nerror 1, every bit counts (a copy is exact)");
}

TEST_CASE("where every bit counts, 0 is not -0", "[tensor]") {
  const Tensor64 zero({1}, {0.0}), negative({1}, {-0.0});
  CHECK(compare(negative, zero, {0, 0, ""}).ok());
  CHECK(compare(negative, zero, exact()).bad_count == 1);
  CHECK(explain(compare(negative, zero, exact()), exact()) ==
        "expected 0, got -0\nerror 0, every bit counts (a copy is exact)");
}

TEST_CASE("a test never reads beyond the elements of a tensor", "[tensor]") {
  const Tensor x({2, 3}, 1.f);
  CHECK(x.values()[5] == 1);
  CHECK(x.values().subspan(6).empty());
  CHECK(x.row(1).last(3).back() == 1);
  CHECK_THROWS_WITH(x.values()[6], "expected at least 6 + 1 elements in a row, found 6");
  CHECK_THROWS_AS(x.row(0)[3], std::out_of_range);
  CHECK_THROWS_AS(x.values().first(7), std::out_of_range);
  CHECK_THROWS_AS(x.values().last(7), std::out_of_range);
  CHECK_THROWS_AS(x.values().subspan(7), std::out_of_range);
  CHECK_THROWS_AS(x.values().subspan(5, ~std::size_t{0}), std::out_of_range);
  CHECK_THROWS_AS(Tensor().values().front(), std::out_of_range);
  CHECK_THROWS_AS(Tensor().values().back(), std::out_of_range);
}

TEST_CASE("NaN equals NaN and infinities themselves", "[tensor]") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(compare(Tensor64({2}, {-inf, nan}), Tensor64({2}, {-inf, nan}), exact()).ok());
  CHECK(compare(Tensor64({2}, {inf, 0}), Tensor64({2}, {-inf, nan}), {1e300, 0, ""}).bad_count == 2);
}

TEST_CASE("a tolerance that admits twice or half of every value is too wide", "[tensor]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(too_wide({1, 0.25 * 1000, "a square"}, Tensor64({1}, {1000})));
  CHECK(too_wide({0, 0.6, "admits half"}, Tensor64({1}, {1000})));
  CHECK_FALSE(too_wide({1, 0.25, "a quarter"}, Tensor64({1}, {1000})));
  CHECK_FALSE(too_wide({1, 0, "one value is large"}, Tensor64({3}, {0.1, nan, 3})));
  CHECK_FALSE(too_wide(exact(), Tensor64({2}, {0, nan})));
}
