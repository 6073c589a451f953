/// The simulator through the eyes of a lesson: results, and counts against closed forms.

#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::cuda_probe;

namespace {

Tensor transposed(const Tensor& x) {
  Tensor y({x.shape()[1], x.shape()[0]});
  for (int r = 0; r < x.shape()[0]; ++r)
    for (int c = 0; c < x.shape()[1]; ++c) y.at(c, r) = x.at(r, c);
  return y;
}

Tensor products(const Tensor& q, const Tensor& k) {
  Tensor s({q.shape()[0], k.shape()[0]});
  for (int i = 0; i < s.shape()[0]; ++i)
    for (int j = 0; j < s.shape()[1]; ++j) {
      double sum = 0;
      for (int c = 0; c < q.shape()[1]; ++c) sum += static_cast<double>(q.at(i, c)) * k.at(j, c);
      s.at(i, j) = static_cast<float>(sum);
    }
  return s;
}

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v) {
  Tensor o(q.shape());
  const auto len = q.shape()[1];
  for (int h = 0; h < q.shape()[0]; ++h)
    for (int i = 0; i < len; ++i) {
      double sum = 0;
      std::vector<double> acc(64);
      for (int j = 0; j < len; ++j) {
        double s = 0;
        for (int c = 0; c < 64; ++c) s += static_cast<double>(q.at(h, i, c)) * k.at(h, j, c);
        const double p = std::exp(s / 8);
        sum += p;
        for (int c = 0; c < 64; ++c) acc[static_cast<std::size_t>(c)] += p * v.at(h, j, c);
      }
      for (int c = 0; c < 64; ++c) o.at(h, i, c) = static_cast<float>(acc[static_cast<std::size_t>(c)] / sum);
    }
  return o;
}

TensorOf<std::int32_t> places_of(int (*place_of)(int)) {
  TensorOf<std::int32_t> places({32});
  for (int i = 0; i < 32; ++i) places.at(i) = place_of(i);
  return places;
}

/// Loads one vector in each lane of a warp, lane i at place_of(i). What the loads count.
SharedTraffic vector_loads_of(int floats, int (*place_of)(int)) {
  const TensorOf<std::int32_t> places = places_of(place_of);
  Tensor loaded({32}), expected({32});
  for (int i = 0; i < 32; ++i) expected.at(i) = static_cast<float>(places.at(i));
  student<vector_loads>(places, loaded, floats);
  CHECK_THAT(loaded, matches(expected, exact()));
  return device().launches.at(0).shared_loads;
}

/// The passes of such stores. The memory is filled before, with a float in each lane.
std::uint64_t vector_stores_of(int floats, int (*place_of)(int)) {
  const TensorOf<std::int32_t> places = places_of(place_of);
  Tensor stored({64}), expected({64});
  for (float& value : expected.values()) value = -1;
  for (int i = 0; i < 32; ++i)
    if (places.at(i) >= 0) expected.at(places.at(i)) = static_cast<float>(i);
  student<vector_stores>(places, stored, floats);
  CHECK_THAT(stored, matches(expected, exact()));
  return device().launches.at(0).shared_stores.wavefronts - 64 * static_cast<std::uint64_t>(floats) / 32;
}

void check_flash(int heads, int len) {
  const Tensor q = random_normal({heads, len, 64}), k = random_normal(q.shape()), v = random_normal(q.shape());
  Tensor o(q.shape());
  student<flash>(q, k, v, o);
  CHECK_THAT(o, matches(attention(q, k, v), rounding(200, 4)));
}

}  // namespace

TEST_CASE("a copy moves every byte once", "[basic][scaled][1pt]") {
  const int n = GENERATE(1, 255, 256, 1000);
  const Tensor x = random_normal({n});
  Tensor expected = x;
  for (float& v : expected.values()) v *= 3;
  CHECK_THAT(student<scaled>(x, 3.0f), matches(expected, exact()));
  const auto bytes = static_cast<std::uint64_t>(n) * 4;
  REQUIRE(device().launches.size() == 1);
  CHECK(device().launches[0].kernel == "scale_kernel");
  CHECK(device().loads().bytes == bytes);
  CHECK(device().stores().bytes == bytes);
  CHECK(device().loads().sectors == (bytes + 31) / 32);
  CHECK(device().loads().cold_sectors == (bytes + 31) / 32);
  CHECK(device().loads().requests == (bytes + 127) / 128);
  CHECK(device().peak_bytes == 2 * bytes);
  CHECK(device().to_device.bytes == bytes);
  CHECK(device().to_host.bytes == bytes);
}

TEST_CASE("a padded tile has no bank conflicts", "[basic][transpose][1pt]") {
  const Tensor x = random_normal({64, 96});
  Tensor y({96, 64});
  student<transpose>(x, y, true, {});
  CHECK_THAT(y, matches(transposed(x), exact()));
  CHECK(device().shared().wavefronts == 2 * 64 * 96 / 32);
  CHECK(device().shared().ideal == 2 * 64 * 96 / 32);
  CHECK(device().loads().sectors == 64 * 96 / 8);
  CHECK(device().stores().sectors == 64 * 96 / 8);
  CHECK(device().launches.at(0).operations.barriers == 6);
  CHECK_THAT(device(), bank_conflicts_at_most(1, "33 columns"));
  student<transpose>(x, y, false, {});
  CHECK(device().shared().wavefronts == (1 + 32) * 64 * 96 / 32);
}

TEST_CASE("lanes that share an address in pairs share a pass", "[basic][vector_loads][ncu][1pt]") {
  const auto passes = [](int floats, int (*place_of)(int)) {
    const SharedTraffic loads = vector_loads_of(floats, place_of);
    CHECK(loads.wavefronts == loads.ideal);
    return loads.wavefronts;
  };
  CHECK(passes(4, [](int i) { return i; }) == 4);
  CHECK(passes(4, [](int i) { return i / 2; }) == 2);
  CHECK(passes(4, [](int i) { return i / 4 * 2 + i % 2; }) == 2);
  CHECK(passes(4, [](int i) { return i / 8; }) == 2);
  CHECK(passes(4, [](int) { return 5; }) == 2);
  CHECK(passes(2, [](int i) { return i; }) == 2);
  CHECK(passes(2, [](int i) { return i / 2; }) == 1);
  CHECK(passes(2, [](int i) { return i / 4 * 2 + i % 2; }) == 1);
}

TEST_CASE("other shared addresses save no pass", "[basic][vector_loads][ncu][1pt]") {
  // The first is the question that led to the rule in NVIDIA's forum, the last was measured on an A100.
  CHECK(vector_loads_of(4, [](int i) { return i % 4; }).wavefronts == 4);
  CHECK(vector_loads_of(4, [](int i) { return i % 8; }).wavefronts == 4);
  const auto halves = [](int i) { return i / 8 * 2 + (i < 16 ? i / 2 : i) % 2; };
  CHECK(vector_loads_of(4, halves).wavefronts == 4);  // pairs at a distance of 1 below lane 16, of 2 above
}

TEST_CASE("a lane that loads nothing breaks no pair", "[basic][vector_loads][ncu][1pt]") {
  CHECK(vector_loads_of(4, [](int i) { return i == 15 || i == 16 ? 4 : -1; }).wavefronts == 2);
  CHECK(vector_loads_of(4, [](int i) { return i == 0 || i == 15 ? 4 : -1; }).wavefronts == 1);
  CHECK(vector_loads_of(4, [](int i) { return i % 2 ? i : -1; }).wavefronts == 4);  // and one conflict in each half
  CHECK(vector_loads_of(4, [](int i) { return i % 2 ? i : -1; }).ideal == 2);
}

TEST_CASE("vectors in one bank take a pass each", "[basic][vector_loads][ncu][1pt]") {
  const auto rows = [](int i) { return i / 16 * 4 + i % 16 / 8 + i % 8 / 4 * 8; };
  CHECK(vector_loads_of(4, rows).ideal == 2);
  CHECK(vector_loads_of(4, rows).wavefronts == 4);
}

TEST_CASE("phases do not share a pass", "[basic][vector_loads][ncu][1pt]") {
  // The lanes of a phase want different words of one bank; each phase has banks of its own.
  CHECK(vector_loads_of(4, [](int i) { return i % 8 * 8 + i / 8; }).wavefronts == 32);
  CHECK(vector_loads_of(2, [](int i) { return i % 4 * 16 + i / 4; }).wavefronts == 8);
}

TEST_CASE("stores of vectors have phases, too", "[basic][vector_stores][ncu][1pt]") {
  CHECK(vector_stores_of(4, [](int i) { return i; }) == 4);
  CHECK(vector_stores_of(4, [](int i) { return i % 8 * 8 + i / 8; }) == 32);
  CHECK(vector_stores_of(4, [](int i) { return i < 8 ? i : -1; }) == 1);
  CHECK(vector_stores_of(2, [](int i) { return i; }) == 2);
  CHECK(vector_stores_of(2, [](int i) { return i % 4 * 16 + i / 4; }) == 8);
}

TEST_CASE("stores that leave out every second lane", "[basic][vector_stores][ncu][1pt]") {
  CHECK(vector_stores_of(4, [](int i) { return i % 2 ? i : -1; }) == 4);
  CHECK(vector_stores_of(4, [](int i) { return i % 4 < 2 ? i : -1; }) == 4);
  CHECK(vector_stores_of(2, [](int i) { return i % 2 ? i : -1; }) == 2);
}

TEST_CASE("a tile without padding has conflicts", "[basic][transpose][ncu][1pt]") {
  const Tensor x = random_normal({64, 64});
  Tensor y({64, 64});
  student<transpose>(x, y, false, {});
  CHECK_THAT(y, matches(transposed(x), exact()));
}

TEST_CASE("tiles have tails", "[basic][transpose][ncu][1pt]") {
  const Tensor x = random_normal({37, 45});
  Tensor y({45, 37});
  student<transpose>(x, y, true, {});
  CHECK_THAT(y, matches(transposed(x), exact()));
}

void check_guarded() {
  const Tensor x = random_normal({100});
  Tensor y({100}), expected({100});
  for (int i = 0; i < 100; ++i) expected.at(i) = x.at(i < 64 ? 63 - i : 163 - i);
  student<guarded>(x, y);
  CHECK_THAT(y, matches(expected, exact()));
}

TEST_CASE("a barrier between two guards is one barrier", "[basic][guarded][ncu][1pt]") { check_guarded(); }
TEST_CASE("it is one for an optimiser, too", "[basic][sim][guarded][1pt]") { check_guarded(); }

TEST_CASE("lanes and warps reduce a row", "[basic][row_sums][ncu][merged][1pt]") {
  const Tensor x = random_normal({3, 200});
  Tensor sums({3}), expected({3});
  for (int r = 0; r < 3; ++r) {
    double sum = 0;
    for (int c = 0; c < 200; ++c) sum += x.at(r, c);
    expected.at(r) = static_cast<float>(sum);
  }
  student<row_sums>(x, sums, {});
  CHECK_THAT(sums, matches(expected, rounding(200, 3)));
  CHECK(device().launches.at(0).operations.warp_collectives == 3 * 4 * 5);
  CHECK(device().launches.at(0).operations.barriers == 3);
}

TEST_CASE("atomics lose nothing", "[basic][histogram][1pt]") {
  Tensor x({1000});
  for (float& v : x.values()) v = static_cast<float>(session().random().uniform() * 8);
  TensorOf<std::int32_t> counts({8}), expected({8});
  counts.at(2) = expected.at(2) = 5;
  for (const float v : x.values()) ++expected.at(static_cast<int>(v));
  student<histogram>(x, counts);
  CHECK_THAT(counts, matches(expected, exact()));
  CHECK(device().launches.at(0).operations.atomics == 1000);
}

TEST_CASE("tiles save what they are high", "[basic][scores][1pt]") {
  const Tensor q = random_normal({32, 48}), k = random_normal({64, 48});
  Tensor s({32, 64});
  student<scores>(q, k, s, false);
  CHECK_THAT(s, matches(products(q, k), rounding(48, 3)));
  CHECK(device().loads().bytes == 2ull * 32 * 64 * 48 * 4);
  CHECK(device().stores().bytes == 32 * 64 * 4);
  CHECK(device().loads().cold_sectors == (32 + 64) * 48 / 8);
  student<scores>(q, k, s, true);
  CHECK_THAT(s, matches(products(q, k), rounding(48, 3)));
  CHECK(device().loads().bytes == 2ull * 32 * 64 * 48 * 4 / 16);
  CHECK_THAT(device(), loads_at_most(2.0 * 32 * 64 * 48 * 4 / 16, "each element once for each tile"));
}

TEST_CASE("a thread for each score reads everything again", "[basic][scores][ncu][1pt]") {
  const Tensor q = random_normal({32, 16}), k = random_normal({32, 16});
  Tensor s({32, 32});
  student<scores>(q, k, s, false);
  CHECK_THAT(s, matches(products(q, k), rounding(16, 3)));
}

TEST_CASE("tiles give the same scores", "[basic][scores][ncu][merged][1pt]") {
  const Tensor q = random_normal({32, 16}), k = random_normal({32, 16});
  Tensor s({32, 32});
  student<scores>(q, k, s, true);
  CHECK_THAT(s, matches(products(q, k), rounding(16, 3)));
}

TEST_CASE("flash reads K and V once for each query tile", "[basic][flash][1pt]") {
  check_flash(2, 256);
  const std::uint64_t matrix = 2 * 256 * 64 * 4, tiles = 256 / 32;
  CHECK(device().loads().bytes == matrix + 2 * tiles * matrix);
  CHECK(device().stores().bytes == matrix);
  CHECK(device().loads().cold_sectors == 3 * matrix / 32);
  CHECK(device().launches.at(0).operations.barriers == 2 * tiles * 2 * tiles);
  remark(std::to_string(static_cast<int>(evidence().counts().seconds.at(0) * 1e3)) + " ms instrumented");
}

TEST_CASE("flash has tails", "[basic][flash][ncu][merged][1pt]") { check_flash(1, 75); }

TEST_CASE("the plain flavour is quick", "[basic][sim][flash][1pt]") {
  check_flash(2, 256);
  remark(std::to_string(static_cast<int>(evidence().counts().seconds.at(0) * 1e3)) + " ms plain");
}

TEST_CASE("CUDA's words mean what they mean", "[basic][language][ncu][1pt]") {
  Tensor x({32, 4}), expected({34});
  for (int i = 0; i < 32; ++i) {
    for (int j = 0; j < 4; ++j) x.at(i, j) = static_cast<float>(i + j);
    expected.at(i) = static_cast<float>(i + (i + 1) * 10 + (i + 2) * 100 + (i + 3) * 1000);
  }
  expected.at(32) = 16;
  expected.at(33) = 5;
  CHECK_THAT(student<language>(x), matches(expected, exact()));
  CHECK(device().loads().bytes == 512);
  CHECK(device().loads().requests == 1);
  CHECK(device().loads().sectors == 16);
}

TEST_CASE("errors have CUDA's names", "[basic][error_of_pointer][1pt]") {
  CHECK(student<error_of_pointer>(1) == "cudaSuccess cudaSuccess cudaSuccess");
  CHECK(student<error_of_pointer>(1 << 20) == "cudaErrorMemoryAllocation cudaErrorMemoryAllocation cudaSuccess");
}

TEST_CASE("the plain flavour gives the same", "[basic][sim][scores][1pt]") {
  const Tensor q = random_normal({256, 64}), k = random_normal({256, 64});
  Tensor s({256, 256});
  student<scores>(q, k, s, true);
  CHECK_THAT(s, matches(products(q, k), rounding(64, 3)));
}
