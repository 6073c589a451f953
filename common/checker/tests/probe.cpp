#include "probe.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

using namespace workbook;

probe::Everything probe::echo(const Everything& value) { return value; }

namespace {

template <class To>
TensorOf<To> converted(const Tensor& x) {
  TensorOf<To> result(x.shape());
  std::transform(x.data(), x.data() + x.size(), result.data(), [](float value) { return static_cast<To>(value); });
  return result;
}

float touch(void* block, std::int64_t bytes) {
  std::memset(block, 1, static_cast<std::size_t>(bytes));
  float first;
  std::memcpy(&first, block, sizeof first);
  return first;
}

/// A variable-length array, as C has them: its size is the stack frame's.
__attribute__((noinline)) float on_stack(std::int64_t bytes) {
  void* block = __builtin_alloca(static_cast<std::size_t>(bytes));
  return touch(block, bytes);
}

}  // namespace

TensorOf<float16> probe::to_float16(const Tensor& x) { return converted<float16>(x); }
TensorOf<bfloat16> probe::to_bfloat16(const Tensor& x) { return converted<bfloat16>(x); }

TensorOf<bool> probe::positive(const Tensor& x) {
  TensorOf<bool> result(x.shape());
  std::transform(x.data(), x.data() + x.size(), result.data(), [](float value) { return value > 0; });
  return result;
}

TensorOf<std::int64_t> probe::shape_of(const Tensor& x) {
  return TensorOf<std::int64_t>({x.shape().rank()}, x.shape().extents());
}

std::vector<Tensor> probe::rows_of(const Tensor& x) {
  std::vector<Tensor> result;
  for (std::int64_t i = 0; i < x.dim(0); ++i) result.emplace_back(Shape{x.dim(1)}, x.row(i));
  return result;
}

void probe::scale_in_place(Tensor& x, float factor) {
  for (float& value : x.values()) value *= factor;
}

void probe::fill(std::span<float> out, float value) { std::fill(out.begin(), out.end(), value); }

std::int64_t probe::count_of(std::span<const float> values, std::string_view unit) {
  return static_cast<std::int64_t>(values.size() + unit.size());
}

float probe::use_memory(Route route, std::int64_t bytes) {
  const auto size = static_cast<std::size_t>(bytes);
  const auto with = [&](void* block, auto release) {
    const float first = touch(block, bytes);
    release(block);
    return first;
  };
  switch (route) {
    case Route::malloc:
      return with(std::malloc(size), std::free);
    case Route::calloc:
      return with(std::calloc(size, 1), std::free);
    case Route::realloc:
      return with(std::realloc(std::malloc(16), size), std::free);
    case Route::operator_new:
      return with(::operator new(size), [](void* p) { ::operator delete(p); });
    case Route::aligned_new: {
      constexpr std::align_val_t page{4096};
      return with(::operator new(size, page), [](void* p) { ::operator delete(p, page); });
    }
    case Route::posix_memalign: {
      void* block = nullptr;
      return posix_memalign(&block, 256, size) == 0 ? with(block, std::free) : 0;
    }
    case Route::mmap:
      return with(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                  [&](void* p) { munmap(p, size); });
    case Route::eigen: {
      Matrix scratch(1, bytes / 4);
      return touch(scratch.data(), bytes);
    }
    case Route::stack_array:
      return on_stack(bytes);
    case Route::other_thread: {
      float first = 0;
      std::thread([&] { first = with(std::malloc(size), std::free); }).join();
      return first;
    }
  }
  return 0;
}

void probe::leak(std::int64_t bytes) {
  void* block = std::malloc(static_cast<std::size_t>(bytes));
  touch(block, bytes);
  [[maybe_unused]] static void* volatile keep;
  keep = block;
}

float probe::read_in_loop(const Tensor& keys, int times) {
  float sum = 0;
  for (int t = 0; t < times; ++t)
    for (std::int64_t i = 0; i < keys.size(); ++i) sum += keys.data()[i];
  return sum;
}

Tensor probe::read_by_matmul(const Tensor& queries, const Tensor& keys) {
  Tensor scores({queries.dim(0), keys.dim(0)});
  matmul_nt(queries.matrix(), keys.matrix(), scores.matrix());
  return scores;
}

float probe::read_by_copy(const Tensor& keys) {
  const Tensor copy = keys;
  return copy.data()[0];
}

void probe::raise(const std::string& name) {
  if (name == "std::invalid_argument") throw std::invalid_argument("raised");
  if (name == "std::out_of_range") throw std::out_of_range("raised");
  if (name == "std::domain_error") throw std::domain_error("raised");
  if (name == "std::length_error") throw std::length_error("raised");
  if (name == "std::logic_error") throw std::logic_error("raised");
  if (name == "std::overflow_error") throw std::overflow_error("raised");
  if (name == "std::range_error") throw std::range_error("raised");
  if (name == "std::runtime_error") throw std::runtime_error("raised");
  if (name == "std::bad_alloc") throw std::bad_alloc();
  if (name == "NotImplemented") throw NotImplemented();
  throw 42;
}

probe::Journal::Journal(int capacity) {
  if (capacity < 0) throw std::invalid_argument("[Journal] capacity must be >= 0; found " + std::to_string(capacity));
  entries_ = Tensor({capacity});
}

void probe::Journal::append(float entry) {
  if (size_ == entries_.values().size()) throw std::length_error("[Journal] full");
  entries_.values()[size_++] = entry;
}

std::vector<float> probe::Journal::entries() const {
  const auto values = entries_.values().first(size_);
  return {values.begin(), values.end()};
}

float probe::total(const Journal& journal) {
  const auto entries = journal.entries();
  return std::accumulate(entries.begin(), entries.end(), 0.f);
}
