#pragma once
/// A contract that uses everything a contract may hold: the machinery's own tests call it.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/contract/contract.h"
#include "common/tensor/tensor.h"

namespace workbook::probe {

enum class Color { red, green, blue };

struct Inner {
  std::vector<int> numbers;
  std::optional<std::string> text;
};

/// Every kind of value that is no tensor.
struct Everything {
  bool flag = false;
  std::int32_t small = 0;
  std::int64_t large = 0;
  double real = 0;
  Color color = Color::red;
  std::string text;
  std::optional<float> maybe;
  std::vector<Inner> list;
  std::tuple<int, std::string> both;
  std::array<std::int16_t, 3> three{};
};

Everything echo(const Everything& value);

TensorOf<float16> to_float16(const Tensor& x);
TensorOf<bfloat16> to_bfloat16(const Tensor& x);
TensorOf<bool> positive(const Tensor& x);
TensorOf<std::int64_t> shape_of(const Tensor& x);
std::vector<Tensor> rows_of(const Tensor& x);

void scale_in_place(Tensor& x, float factor);
void fill(std::span<float> out, float value);
std::int64_t count_of(std::span<const float> values, std::string_view unit);

/// Ways to come by memory.
enum class Route {
  malloc,
  calloc,
  realloc,
  operator_new,
  aligned_new,
  posix_memalign,
  mmap,
  eigen,
  stack_array,
  other_thread
};

/// Uses `bytes` of scratch memory by that route, writes to all of it, gives it back.
float use_memory(Route route, std::int64_t bytes);
/// Keeps `bytes` after it returns.
void leak(std::int64_t bytes);

/// Reads every element of the keys `times` over, in a loop.
float read_in_loop(const Tensor& keys, int times);
/// scores = queries keys^T by matmul_nt.
Tensor read_by_matmul(const Tensor& queries, const Tensor& keys);
/// Reads every element once, by copying the tensor.
float read_by_copy(const Tensor& keys);

/// Throws the standard exception of that name.
void raise(const std::string& name);

/// Append-only: an entry costs O(1) and earlier ones never change.
class Journal {
 public:
  /// @throws std::invalid_argument if capacity < 0
  explicit Journal(int capacity);
  /// @throws std::length_error when full
  void append(float entry);
  std::vector<float> entries() const;
  /// Room for all of them: what calls touch of it is counted.
  const Tensor& storage() const { return entries_; }

 private:
  Tensor entries_;
  std::size_t size_ = 0;
};

/// Sum of a journal's entries: an object as a free function's argument.
float total(const Journal& journal);

inline constexpr Contract<echo, to_float16, to_bfloat16, positive, shape_of, rows_of, scale_in_place, fill, count_of,
                          use_memory, leak, read_in_loop, read_by_matmul, read_by_copy, raise, construct<Journal, int>,
                          &Journal::append, &Journal::entries, total>
    contract;

}  // namespace workbook::probe
