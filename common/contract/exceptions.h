#pragma once
/// Exceptions that keep their type on the way from the worker to the test.

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace workbook {

namespace detail {

/// Calls visit.operator()<E>(name) for each type until one returns true; a class stands before its bases.
template <class Visit>
bool visit_exceptions(Visit&& visit) {
  return visit.template operator()<std::invalid_argument>("std::invalid_argument") ||
         visit.template operator()<std::out_of_range>("std::out_of_range") ||
         visit.template operator()<std::domain_error>("std::domain_error") ||
         visit.template operator()<std::length_error>("std::length_error") ||
         visit.template operator()<std::logic_error>("std::logic_error") ||
         visit.template operator()<std::overflow_error>("std::overflow_error") ||
         visit.template operator()<std::range_error>("std::range_error") ||
         visit.template operator()<std::runtime_error>("std::runtime_error") ||
         visit.template operator()<std::bad_alloc>("std::bad_alloc");
}

}  // namespace detail

/// The nearest of those types, "std::invalid_argument"; of others "std::exception".
inline std::string exception_name(const std::exception& thrown) {
  std::string found = "std::exception";
  detail::visit_exceptions([&]<class E>(const char* name) {
    if (dynamic_cast<const E*>(&thrown) == nullptr) return false;
    found = name;
    return true;
  });
  return found;
}

/// Throws an exception of the type of that name, or a std::runtime_error.
[[noreturn]] inline void throw_named(const std::string& name, const std::string& text) {
  detail::visit_exceptions([&]<class E>(const char* its_name) {
    if (name != its_name) return false;
    if constexpr (std::is_constructible_v<E, const std::string&>)
      throw E(text);
    else
      throw E();
    return true;
  });
  throw std::runtime_error(text);
}

}  // namespace workbook
