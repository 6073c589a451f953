#pragma once
/// Bytes between checker and worker.
///
/// A Writer appends, a Reader takes from the front. What a Reader reads may come from hostile code: every length is
/// checked against the bytes that are there before anything is allocated, and a lie is a WireError.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace workbook {

/// The bytes are not what the format says.
struct WireError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Writer {
 public:
  Writer() = default;
  Writer(const Writer&) = default;
  Writer(Writer&&) = default;
  Writer& operator=(const Writer&) = default;
  Writer& operator=(Writer&&) = default;
  virtual ~Writer() = default;

  virtual void raw(const void* data, std::size_t size) {
    if (size == 0) return;
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }

  template <class T>
  requires std::is_trivially_copyable_v<T>
  void number(const T& value) { raw(&value, sizeof value); }

  std::span<const std::byte> bytes() const { return bytes_; }
  void reserve(std::size_t size) { bytes_.reserve(size); }

 private:
  std::vector<std::byte> bytes_;
};

/// Counts what is written, and keeps nothing.
class Length final : public Writer {
 public:
  void raw(const void*, std::size_t size) override { bytes_ += size; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

/// Compares what is written with bytes that are there, and keeps nothing.
class SameBytes final : public Writer {
 public:
  explicit SameBytes(std::span<const std::byte> expected) : rest_(expected) {}

  void raw(const void* data, std::size_t size) override {
    equal_ = equal_ && size <= rest_.size() && (size == 0 || std::memcmp(data, rest_.data(), size) == 0);
    rest_ = rest_.subspan(std::min(size, rest_.size()));
  }
  bool equal() const { return equal_ && rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  bool equal_ = true;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::size_t left() const { return rest_.size(); }
  std::span<const std::byte> rest() const { return rest_; }

  /// The next `size` bytes. @throws WireError if there are fewer.
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > rest_.size())
      throw WireError("expected " + std::to_string(size) + " bytes, found " + std::to_string(rest_.size()));
    const auto taken = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  template <class T>
  requires std::is_trivially_copyable_v<T> T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  /// A count of items of at least `item_bytes` bytes each. @throws WireError if so many cannot follow.
  std::size_t count(std::size_t item_bytes) {
    const auto n = number<std::uint64_t>();
    if (n > rest_.size() / item_bytes)
      throw WireError("a count of " + std::to_string(n) + " does not fit in " + std::to_string(rest_.size()) +
                      " bytes");
    return static_cast<std::size_t>(n);
  }

  /// @throws WireError unless everything was read.
  void finish() const {
    if (!rest_.empty()) throw WireError(std::to_string(rest_.size()) + " bytes too many");
  }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace workbook
