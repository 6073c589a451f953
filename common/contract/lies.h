#pragma once
/// For the check that no answer can harm a checker (common/checks/lies.sh): what goes back from a call is now and then
/// something else of its type: another shape, another size, NaN, extremes. Only in plugins made for it, with
/// WORKBOOK_LIES=SEED in the environment.

#ifdef WORKBOOK_LIES

#include <cstdlib>
#include <limits>
#include <random>

#include "common/contract/codec.h"

namespace workbook::lies {

inline std::mt19937_64& random() {
  static std::mt19937_64 numbers = [] {
    const char* seed = std::getenv("WORKBOOK_LIES");
    return std::mt19937_64(seed ? std::strtoull(seed, nullptr, 10) : 0);
  }();
  return numbers;
}
inline bool one_in(unsigned n) { return random()() % n == 0; }

inline Shape another(const Shape& shape) {
  std::vector<std::int64_t> extents(shape.extents().begin(), shape.extents().end());
  const std::size_t axis = random()() % extents.size();
  switch (random()() % 8) {
    case 0:
      return {};
    case 1:
      extents[axis] = 0;
      break;
    case 2:
      extents[axis] += 1;
      break;
    case 3:
      extents[axis] = std::max<std::int64_t>(0, extents[axis] - 1);
      break;
    case 4:
      extents[axis] *= 2;
      break;
    case 5:
      if (extents.size() < kMaxRank) extents.insert(extents.begin(), 1);
      break;
    case 6:
      if (extents.size() > 1) extents.erase(extents.begin() + static_cast<std::ptrdiff_t>(axis));
      break;
    default:
      std::ranges::reverse(extents);
  }
  const Shape result(extents);
  return result.size() > (1 << 24) ? Shape() : result;
}

/// Makes `value` another one, or leaves it.
template <class T>
void tell(T& value) {
  if constexpr (std::same_as<T, bool>) {
    value = one_in(2);
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(random()() % 16);
  } else if constexpr (detail::Number<T>) {
    using Limits = std::numeric_limits<T>;
    const T all[] = {T(0), T(-1), T(1), Limits::max(), Limits::lowest(), Limits::quiet_NaN(), Limits::infinity(),
                     value};
    value = all[random()() % std::size(all)];
  } else if constexpr (detail::is_tensor<T>) {
    typename T::value_type fill{};
    tell(fill);
    if (one_in(2)) value = T(another(value.shape()), fill);
    for (int n = 0; n < 3 && value.size() > 0; ++n) tell(value.values()[random()() % value.values().size()]);
    if (one_in(4)) std::ranges::fill(value.values(), fill);
  } else if constexpr (std::same_as<T, std::string> || detail::is_instance<T, std::vector>) {
    constexpr std::size_t kSizes[] = {0, 1, 2, 7, 1000};
    value.resize(one_in(2) ? value.size() + 1 : kSizes[random()() % std::size(kSizes)]);
    for (auto& item : value) tell(item);
  } else if constexpr (detail::is_instance<T, std::optional>) {
    if (one_in(2)) value.reset();
    if (value) tell(*value);
  } else if constexpr (detail::is_std_array<T>) {
    for (auto& item : value) tell(item);
  } else if constexpr (detail::TupleLike<T>) {
    std::apply([](auto&... item) { (void(one_in(2) ? tell(item) : void()), ...); }, value);
  } else {
    std::apply([](auto&... field) { (void(one_in(2) ? tell(field) : void()), ...); }, fields(value));
  }
}

/// `value`, or sometimes another.
template <class T>
T told(T value) {
  if (one_in(3)) tell(value);
  return value;
}

}  // namespace workbook::lies

#else

namespace workbook::lies {

template <class T>
const T& told(const T& value) {
  return value;
}

}  // namespace workbook::lies

#endif
