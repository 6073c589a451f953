#pragma once
/// What takes the place of something that is not simulated, behind the error that says so: the rest compiles.

#include "runtime_api.h"

namespace workbook::cuda {

/// An object of a type that is not there.
struct NotSimulated {
  NotSimulated() = default;
  template <class T>
  NotSimulated(const T&) {}
};
template <class... T>
cudaError_t not_simulated(T&&...) {
  return cudaErrorNotSupported;
}
template <class Result = float, class... T>
Result not_simulated_value(T&&...) {
  return Result{};
}
template <class, int...>
struct NotSimulatedReference {};

}  // namespace workbook::cuda
