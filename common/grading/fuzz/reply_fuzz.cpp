/// A checker against a worker that says anything: decoded as the checker decodes, whatever is accepted is encoded again
/// to the very same bytes; and what a test makes of it, its report included, stays small.

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "common/checker/report.h"
#include "common/checker/source_location.h"
#include "common/checker/spawn_worker.h"
#include "common/grading/fuzz/fuzz.h"

using namespace workbook;

namespace {

std::span<const std::byte> all_that_is_said;

class Liar final : public Server {
 public:
  std::vector<std::byte> exchange(std::span<const std::byte>) override {
    return {all_that_is_said.begin(), all_that_is_said.end()};
  }
  std::string output(std::size_t most) const override {
    return std::string(reinterpret_cast<const char*>(all_that_is_said.data()), std::min(most, all_that_is_said.size()));
  }
  bool metered() const override { return true; }
};

}  // namespace

std::unique_ptr<Server> workbook::start_worker(const RunOptions&, const std::string&) {
  return std::make_unique<Liar>();
}
std::unique_ptr<Server> workbook::load_in_process(const RunOptions&, const std::string&) { std::abort(); }
std::string workbook::source_location(const std::string&, std::span<const std::uint64_t>) { std::abort(); }
bool workbook::same_source_lines(const std::string&, std::span<const std::uint64_t>, std::span<const std::uint64_t>) {
  std::abort();
}
double workbook::seconds_spent_starting() { return 0; }

namespace {

/// Two calls of a test, and its line of the report.
void judge(std::span<const std::byte> reply) {
  constexpr off_t kLongestReport = 512 << 10;
  static const int file = memfd_create("report", MFD_CLOEXEC);
  all_that_is_said = reply;
  Session session({.trust_plugin = false}, "", 1);
  for (int n = 0; n < 2; ++n) try {
      session.call({.function = "f", .text = "f()", .request = {}, .arguments = {}});
    } catch (const std::exception&) {  // as a test does
    }
  Report report({.file = "/proc/self/fd/" + std::to_string(file), .quiet = true});
  report.add({.test = describe_test("x", "a", {"basic", "f", "1pt"}, "x.cpp", 1),
              .notes = session.notes(),
              .evidence = session.last_call().counts(),
              .launches = session.launches(),
              .output = session.output(4096)});
  struct stat written {};
  if (fstat(file, &written) != 0 || written.st_size > kLongestReport) std::abort();
}

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
  judge(bytes);
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
  ReplyHead head{Outcome::threw, "std::runtime_error", "text", 3, {}, {}};
  head.evidence.inputs_modified = {1, 2};
  head.evidence.seconds = {0.5};
  ReplyHead simulated;
  simulated.evidence.cuda.simulated = simulated.evidence.cuda.counted = true;
  simulated.evidence.cuda.launches.assign(200, {.kernel = std::string(50, '"')});
  simulated.evidence.cuda.faults.push_back({.text = "{0} and {at1}", .places = {1, 2}});
  simulated.evidence.cuda.faults.push_back({.text = "{0}", .places = {1, 2}, .calls = {1, 3}, .other_calls = {2, 3}});
  ReplyHead endless = simulated;
  endless.evidence.cuda.faults.front() = {.text = std::string(100'000, '{'), .places = {}};
  endless.evidence.cuda.faults.front().places.resize(100'000);
  return {bytes_of(7, Reply<>{simulated}),
          bytes_of(7, Reply<>{endless}),
          bytes_of(0, Hello{"contract", "", true}),
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
