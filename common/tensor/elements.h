#pragma once
/// Elements side by side in memory: what a tensor's values() and row() return.

#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace workbook {

#ifdef WORKBOOK_CHECKED

/// In a checker, whose tests read what a submission answered: a span that throws std::out_of_range instead of reading
/// the checker's own memory. In memory it is a span, for code that was compiled without the checks.
template <class T>
class Elements : public std::span<T> {
 public:
  using Base = std::span<T>;
  using Base::Base;

  T& operator[](std::size_t index) const { return check(index, 1), Base::operator[](index); }
  T& front() const { return (*this)[0]; }
  T& back() const { return (*this)[this->size() - 1]; }
  Elements first(std::size_t count) const { return subspan(0, count); }
  Elements last(std::size_t count) const { return subspan(this->size() - count, count); }
  Elements subspan(std::size_t from) const { return check(from, 0), last(this->size() - from); }
  Elements subspan(std::size_t from, std::size_t count) const {
    check(from, count);
    return {this->data() + from, count};
  }

 private:
  void check(std::size_t from, std::size_t count) const {
    if (from > this->size() || count > this->size() - from)
      throw std::out_of_range("expected at least " + std::to_string(from) + " + " + std::to_string(count) +
                              " elements in a row, found " + std::to_string(this->size()));
  }
};
static_assert(sizeof(Elements<int>) == sizeof(std::span<int>) && std::is_trivially_copyable_v<Elements<int>>);

#else

template <class T>
using Elements = std::span<T>;

#endif

}  // namespace workbook

#ifdef WORKBOOK_CHECKED
template <class T>
inline constexpr bool std::ranges::enable_borrowed_range<workbook::Elements<T>> = true;
#endif
