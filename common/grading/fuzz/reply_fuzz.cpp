/// The reply decoder against a worker that says anything: decoded as the checker decodes, whatever is accepted is
/// encoded again to the very same bytes.

#include <algorithm>
#include <cstdlib>

#include "common/contract/message.h"
#include "common/grading/fuzz/fuzz.h"

using namespace workbook;

namespace {

struct Options {
  float scale = 1;
  std::optional<std::int32_t> window;
  bool causal = false;
  std::string name;
};

template <class T>
void read(std::span<const std::byte> bytes) try {
  Reader in(bytes);
  const T value = decode<T>(in);
  in.finish();
  Writer out;
  encode(out, value);
  if (!std::ranges::equal(out.bytes(), bytes)) std::abort();
} catch (const WireError&) {
}

/// A reply: its head, then a result and an in/out argument.
template <class... T>
using Reply = std::tuple<ReplyHead, T...>;

template <class T>
std::string bytes_of(char kind, const T& value) {
  Writer out;
  encode(out, value);
  return kind + std::string(reinterpret_cast<const char*>(out.bytes().data()), out.bytes().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0] % 8) {
    case 0:
      read<Hello>(bytes);
      break;
    case 1:
      read<Reply<Tensor>>(bytes);
      break;
    case 2:
      read<Reply<TensorOf<bool>, TensorOf<std::int64_t>>>(bytes);
      break;
    case 3:
      read<Reply<std::vector<Options>>>(bytes);
      break;
    case 4:
      read<Reply<std::optional<TensorOf<float16>>, std::vector<std::string>>>(bytes);
      break;
    case 5:
      read<Reply<std::tuple<Tensor, Tensor, double>, std::vector<bool>>>(bytes);
      break;
    case 6:
      read<Reply<std::vector<std::vector<std::array<std::int32_t, 3>>>>>(bytes);
      break;
    default:
      read<Reply<>>(bytes);
  }
  return 0;
}

std::vector<std::string> workbook::grading::fuzz_seeds() {
  ReplyHead head{Outcome::threw, "std::runtime_error", "text", 3, {}};
  head.evidence.inputs_modified = {1, 2};
  head.evidence.seconds = {0.5};
  return {bytes_of(0, Hello{"contract", "", true}),
          bytes_of(1, Reply<Tensor>{head, Tensor({2, 3}, 1.f)}),
          bytes_of(2, Reply<TensorOf<bool>, TensorOf<std::int64_t>>{head, TensorOf<bool>({2}, {true, false}),
                                                                    TensorOf<std::int64_t>({1, 0})}),
          bytes_of(3, Reply<std::vector<Options>>{head, {{.window = 3, .name = "x"}, {}}}),
          bytes_of(4,
                   Reply<std::optional<TensorOf<float16>>, std::vector<std::string>>{
                       head, TensorOf<float16>({1, 2}), {"a", "bc"}}),
          bytes_of(5,
                   Reply<std::tuple<Tensor, Tensor, double>, std::vector<bool>>{
                       head, {Tensor({1}), Tensor({0}), 2.0}, {true, false}}),
          bytes_of(6, Reply<std::vector<std::vector<std::array<std::int32_t, 3>>>>{head, {{{1, 2, 3}}, {}}}),
          bytes_of(7, Reply<>{head})};
}
