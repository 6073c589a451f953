#pragma once
/// What a test includes: `student<f>(arguments...)`, inputs, matchers, and Catch2.
///
/// `student<repeat_kv>(kv, 2)` calls the implementation under judgement, in its own process, as if repeat_kv were
/// called directly: same parameters, same result, same exceptions. Evidence of the call is in `evidence()`.

#include "common/checker/catch.h"
#include "common/checker/counts.h"
#include "common/checker/device_matchers.h"
#include "common/checker/inputs.h"
#include "common/checker/matchers.h"
#include "common/checker/refusals.h"
#include "common/checker/remote_call.h"
#include "common/contract/lesson.h"

namespace workbook {

namespace detail {

template <auto F>
constexpr std::size_t lesson_index() {
  constexpr std::size_t index = LessonContract::index_of<F>();
  static_assert(index < LessonContract::size,
                "student<f>: f is not in the lesson's contract; add it to `Contract<...> contract` in the header");
  return index;
}

template <auto F, class Parameters>
struct Student;

template <auto F, class... P>
struct Student<F, Types<P...>> {
  CheckerResult<typename Signature<F>::Result> operator()(CheckerParameter<P>... arguments) const {
    return remote_call<F, P...>(session(), lesson_index<F>(), 1, arguments...);
  }
};

}  // namespace detail

/// The implementation's f.
template <auto F>
inline constexpr detail::Student<F, typename Signature<F>::Parameters> student{};

/// What was observed during the last call.
inline const ObservedCall& evidence() { return session().last_call(); }

/// What the CUDA simulator counted during the last call: device().launches, device().loads().
inline const CudaEvidence& device() { return session().device(); }

/// Shown under the test when it passes: remark("workspace 6 KiB; copies would take 16 MiB").
inline void remark(std::string text) { session().remark(std::move(text)); }

/// Live bytes that the implementation may have in this test case, everything included. Before the first call. On a GPU
/// the test cannot be verified: its driver takes what it needs, and only the simulator's device is that small.
inline void limit_memory(std::uint64_t bytes) {
  if (session().on_gpu())
    session().leave_to_simulator("memory is limited in the simulator only");
  else
    session().limits().memory = bytes;
}

}  // namespace workbook

/// @cond  Doxygen knows no Catch2.
namespace Catch {
/// Shapes in an assertion's own text.
template <>
struct StringMaker<workbook::Shape> {
  static std::string convert(const workbook::Shape& shape) { return to_string(shape); }
};
}  // namespace Catch
/// @endcond
