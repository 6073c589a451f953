/// The decoder against bytes that lie. Run under AddressSanitizer and UBSan in the sanitizer builds.

#include <random>

#include "common/checker/catch.h"
#include "common/contract/describe.h"
#include "common/contract/message.h"
#include "probe.h"

using namespace workbook;

namespace {

template <class T>
std::vector<std::byte> bytes_of(const T& value) {
  Writer out;
  encode(out, value);
  return {out.bytes().begin(), out.bytes().end()};
}

using Message = std::tuple<probe::Everything, std::vector<Tensor>, TensorOf<bool>, ReplyHead>;

Message sample() {
  ReplyHead head{Outcome::threw, "std::runtime_error", "text", 3, {}, {}};
  head.evidence.inputs_modified = {1, 2};
  return {probe::Everything{.flag = true, .text = "abc", .maybe = 1.f, .list = {{{1, 2}, "x"}}},
          {Tensor({2, 3}, 1.f), Tensor({0})},
          TensorOf<bool>({3}, {true, false, true}),
          head};
}

template <class T>
T decoded(std::span<const std::byte> bytes) {
  Reader in(bytes);
  T value = decode<T>(in);
  in.finish();
  return value;
}

}  // namespace

TEST_CASE("values survive the wire", "[wire]") {
  const Message got = decoded<Message>(bytes_of(sample()));
  CHECK(bytes_of(got) == bytes_of(sample()));
}

TEST_CASE("any cut is an error, never a read beyond the end", "[wire]") {
  const auto whole = bytes_of(sample());
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK_THROWS_AS(decoded<Message>(std::span(whole).first(n)), WireError);
}

TEST_CASE("too many bytes are an error", "[wire]") {
  auto bytes = bytes_of(std::int32_t{1});
  bytes.push_back({});
  CHECK_THROWS_AS(decoded<std::int32_t>(bytes), WireError);
}

TEST_CASE("forged lengths and shapes allocate nothing", "[wire]") {
  const auto forged = [](auto... numbers) {
    Writer out;
    (out.number(numbers), ...);
    return std::vector<std::byte>(out.bytes().begin(), out.bytes().end());
  };
  const std::uint64_t huge = std::uint64_t{1} << 40;
  CHECK_THROWS_AS(decoded<std::string>(forged(huge)), WireError);
  CHECK_THROWS_AS(decoded<std::vector<double>>(forged(huge)), WireError);
  CHECK_THROWS_AS(decoded<std::vector<std::string>>(forged(huge)), WireError);
  CHECK_THROWS_AS(decoded<Tensor>(forged(std::uint8_t{1}, std::int64_t{1} << 40)), WireError);
  CHECK_THROWS_AS(decoded<Tensor>(forged(std::uint8_t{1}, std::int64_t{-1})), WireError);
  CHECK_THROWS_AS(decoded<Tensor>(forged(std::uint8_t{0})), WireError);
  CHECK_THROWS_AS(decoded<Tensor>(forged(std::uint8_t{6})), WireError);
  CHECK_THROWS_AS(decoded<Tensor>(forged(std::uint8_t{2}, std::int64_t{1} << 33, std::int64_t{1} << 33)), WireError);
  CHECK_THROWS_AS(decoded<bool>(forged(std::uint8_t{2})), WireError);
}

TEST_CASE("two hundred thousand mutated messages: an error or a value", "[wire]") {
  const auto original = bytes_of(sample());
  std::mt19937_64 random(1);
  std::size_t refused = 0;
  for (int round = 0; round < 200'000; ++round) {
    auto bytes = original;
    for (auto changes = random() % 4 + 1; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<std::byte>(random() % 3 ? random() : 0xff * (random() & 1));
    if (random() % 8 == 0) bytes.resize(random() % bytes.size());
    try {
      decoded<Message>(bytes);
    } catch (const WireError&) {
      ++refused;
    }
  }
  CHECK(refused > 10'000);
  CHECK(refused < 200'000);
}

TEST_CASE("values are described as a person writes them", "[wire]") {
  CHECK(describe(Tensor({2, 3})) == "[2, 3]");
  CHECK(describe(std::optional<float>()) == "none");
  CHECK(describe(std::vector<int>(100)) == "{100 values}");
  CHECK(describe(probe::Color::green) == "green");
  CHECK(describe(static_cast<probe::Color>(7)) == "7");
  CHECK(describe(std::string("x")) == "\"x\"");
  CHECK(describe(0.1f) == "0.1");
  CHECK(describe(probe::Inner{{1, 2}, std::nullopt}) == "{numbers: {1, 2}, text: none}");
  CHECK(describe(std::vector<probe::Inner>(1)) == "{{numbers: {}, text: none}}");
}

TEST_CASE("names come from the functions themselves", "[wire]") {
  CHECK(name_of<probe::echo> == "echo");
  CHECK(name_of<&probe::Journal::append> == "Journal::append");
  CHECK(name_of<construct<probe::Journal, int>> == "Journal");
  STATIC_REQUIRE(decltype(probe::contract)::index_of<probe::to_float16>() == 1);
  STATIC_REQUIRE_FALSE(Transferable<probe::Journal>);
  STATIC_REQUIRE_FALSE(Transferable<std::vector<float*>>);
}
