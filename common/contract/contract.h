#pragma once
/// What a lesson promises: a list of functions that an implementation defines and a test may call.
///
/// The last line of a lesson's header is
///
///     inline constexpr Contract<repeat_kv, grouped_query_attention> contract;
///
/// From it the worker's glue knows how to call each function with arguments that arrive as bytes, and `student<f>` in
/// a test knows how to send them. A function may take and return values (numbers, booleans, strings, enums, tensors,
/// optionals, vectors, tuples, spans and plain structs of those). A `T&` or `std::span<T>` parameter is in/out. Where
/// state is the subject, the list also names a class's members:
///
///     Contract<construct<Journal, int>, &Journal::append, &Journal::entries>
///
/// Functions are not overloaded and have no default arguments.

#include <cstddef>
#include <type_traits>

#include "common/contract/not_implemented.h"

namespace workbook {

/// Stands for `T(Arguments...)` in a contract: constructors have no address.
template <class T, class... Arguments>
struct Constructor {};
template <class T, class... Arguments>
inline constexpr Constructor<T, Arguments...> construct{};

template <auto... Functions>
struct Contract {
  static constexpr std::size_t size = sizeof...(Functions);

  /// Position of F in the list, which is its id on the wire; `size` if it is not there.
  template <auto F>
  static constexpr std::size_t index_of() {
    std::size_t index = 0;
    const bool found = ((std::is_same_v<Constant<F>, Constant<Functions>> || (++index, false)) || ...);
    return found ? index : size;
  }

 private:
  template <auto>
  struct Constant {};
};

}  // namespace workbook
