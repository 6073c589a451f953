/// Right kernels in every form that must be taken: what they compute, and that nothing is said about them.

#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::accepted;

namespace {

/// Multiples of 1/8 that 8 bits hold: their products and sums are exact.
Tensor eighths(const Shape& shape) {
  Tensor x(shape);
  for (float& v : x.values()) v = std::floor(static_cast<float>(session().random().uniform()) * 64 - 32) / 8;
  return x;
}

void check_reversed(const std::string& form) {
  const Tensor x = random_normal({64});
  Tensor y({64}), expected({64});
  for (int i = 0; i < 64; ++i) expected.at(i) = x.at(63 - i);
  student<reversed>(form, x, y);
  CHECK_THAT(y, matches(expected, exact()));
}

void check_doubled(const std::string& form) {
  const Tensor x = random_normal({100});
  Tensor y({100}), expected = x;
  for (float& v : expected.values()) v *= 2;
  student<doubled>(form, x, y);
  CHECK_THAT(y, matches(expected, exact()));
}

template <class Function>
void check_lanes(const std::string& name, const Function& expected_of, bool is_exact = true) {
  const Tensor x = eighths({32});
  Tensor y({32}), expected({32});
  for (int i = 0; i < 32; ++i) expected.at(i) = static_cast<float>(expected_of(x, i));
  student<lanes>(name, x, y);
  CHECK_THAT(y, matches(expected, is_exact ? exact() : rounding(32, 4)));
}

double sum_of(const Tensor& x, int first, int last) {
  double sum = 0;
  for (int i = first; i < last; ++i) sum += x.at(i);
  return sum;
}
/// What halving gives in each rank of a group of n: those behind a step keep what they had.
double halved(const Tensor& x, int first, int n, int rank) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(x.at(first + i));
  for (int step = n / 2; step > 0; step /= 2)
    for (int i = 0; i < step; ++i) values[static_cast<std::size_t>(i)] += values[static_cast<std::size_t>(i + step)];
  return values[static_cast<std::size_t>(rank)];
}

void check_product(const std::string& way) {
  const Tensor a = eighths({16, 16}), b = eighths({16, 16}), c = eighths({16, 16});
  Tensor d({16, 16}), expected({16, 16});
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 16; ++j) {
      double sum = c.at(i, j);
      for (int k = 0; k < 16; ++k) sum += static_cast<double>(a.at(i, k)) * b.at(k, j);
      expected.at(i, j) = static_cast<float>(sum);
    }
  student<product>(way, a, b, c, d);
  CHECK_THAT(d,
             matches(expected, way == "f16 sums" ? Tolerance{0.125, 0, "a sum is rounded to 11 bits once"} : exact()));
}

}  // namespace

TEST_CASE("shared memory is taken as it is declared", "[basic][reversed][1pt]") {
  for (const char* form :
       {"static __shared__", "__shared__ static", "alignas", "__align__ first", "attribute", "macro",
        "__shared__ extern", "object", "two dimensions", "two types", "of a namespace", "of an included file"}) {
    INFO(form);
    check_reversed(form);
    CHECK(device().launches.at(0).shared_loads.bytes >= 256);
  }
}

TEST_CASE("launches are taken as they are written", "[basic][doubled][1pt]") {
  for (const char* form :
       {"spaced", "template argument", "array", "pointer", "member", "call", "macro", "bounded", "included"}) {
    INFO(form);
    check_doubled(form);
    CHECK(device().loads().bytes == 400);
    CHECK(device().stores().bytes == 400);
  }
}

TEST_CASE("groups of threads are known at run time", "[basic][lanes][1pt]") {
  check_lanes("block", [](const Tensor& x, int i) { return halved(x, 0, 32, i); });
  check_lanes("tile", [](const Tensor& x, int i) { return halved(x, i / 8 * 8, 8, i % 8); });
  check_lanes("tile at run time", [](const Tensor& x, int i) { return halved(x, i / 8 * 8, 8, i % 8); });
  check_lanes("block with memory", [](const Tensor&, int) { return 32; });
  check_lanes("coalesced", [](const Tensor& x, int i) { return sum_of(x, 0, 32) + i + x.at(31) + 8; });
}

void check_instructions() {
  check_lanes(
      "ex2", [](const Tensor& x, int i) { return std::exp2(x.at(i)); }, false);
  check_lanes(
      "lg2", [](const Tensor& x, int i) { return std::log2(x.at(i) + 40); }, false);
  check_lanes(
      "rcp", [](const Tensor& x, int i) { return 1 / (x.at(i) + 40); }, false);
  check_lanes(
      "tanh", [](const Tensor& x, int i) { return std::tanh(x.at(i)); }, false);
  check_lanes("laneid", [](const Tensor&, int i) { return i; });
  check_lanes("lanemask", [](const Tensor&, int i) { return i; });
  check_lanes("predicate", [](const Tensor&, int i) { return i == 0 ? 7 : i < 16 ? 2 * i + 1 : i - 100; });
  check_lanes("conversion", [](const Tensor& x, int i) { return 2 * x.at(i) + 1; });
  check_lanes("butterfly", [](const Tensor& x, int) { return sum_of(x, 0, 32); });
  check_lanes("bits", [](const Tensor&, int i) { return ((i & 0x0f) | 0xf0) + 3 + i; });
  check_lanes("vectors", [](const Tensor& x, int i) { return x.at(i / 4 * 4) + x.at(i / 4 * 4 + 3); });
  check_lanes("shared words", [](const Tensor& x, int i) { return x.at(31 - i); });
  check_lanes("copied", [](const Tensor& x, int i) { return i < 4 ? 0.0 : x.at(31 - i); });
  check_lanes("pairs", [](const Tensor& x, int i) { return 3 * x.at(i) + 2; });
  check_lanes("hinted", [](const Tensor& x, int i) { return x.at(31 - i); });
  check_lanes("integers", [](const Tensor& x, int i) { return std::nearbyint(x.at(i)) - 3 * i + (i >> 1 & 3); });
  check_lanes("ordered", [](const Tensor& x, int i) { return x.at(i); });
  check_lanes("added", [](const Tensor& x, int) { return sum_of(x, 0, 32) + 32; });
}

TEST_CASE("inline PTX does what it says", "[basic][lanes][1pt]") { check_instructions(); }
TEST_CASE("the plain flavour takes inline PTX, too", "[basic][sim][lanes][1pt]") { check_instructions(); }

TEST_CASE("a vector is one load, a copy counts its bytes", "[basic][lanes][1pt]") {
  const Tensor x = eighths({32});
  Tensor y({32});
  student<lanes>("vectors", x, y);
  CHECK(device().loads().requests == 1);
  CHECK(device().loads().bytes == 128);
  student<lanes>("copied", x, y);
  CHECK(device().loads().bytes == 112);
}

TEST_CASE("matrices are multiplied by inline PTX", "[basic][product][1pt]") {
  for (const char* way : {"f16", "bf16", "f16 sums", "f16 depth 8", "bf16 depth 8"}) {
    INFO(way);
    check_product(way);
    CHECK(device().launches.at(0).operations.matrix_flop == 2 * 16 * 16 * 16);
    CHECK(device().launches.at(0).shared_loads.bytes == (4 + 2 + 2) * 128);
    CHECK(device().launches.at(0).operations.warp_collectives == 0);
  }
}

TEST_CASE("the plain flavour multiplies, too", "[basic][sim][product][1pt]") { check_product("f16"); }
