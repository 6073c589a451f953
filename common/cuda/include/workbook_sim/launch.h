#pragma once
/// kernel<<<grid, block, shared, stream>>>(arguments...), as the translator writes it.

#include <tuple>
#include <type_traits>
#include <utility>

#include "vector_types.h"

struct CUstream_st;
using cudaStream_t = CUstream_st*;

/// Calls `thread(context)` in every thread of the grid. The arguments' bytes lie at `arguments`.
extern "C" void workbook_cuda_launch(const char* kernel, const void* address, const dim3* grid, const dim3* block,
                                     unsigned long long shared_bytes, cudaStream_t stream,
                                     void (*thread)(const void* arguments), const void* arguments,
                                     unsigned long long argument_bytes);

#if defined(__CUDA__)
int __cudaPushCallConfiguration(dim3 grid, dim3 block, unsigned long shared_bytes = 0, cudaStream_t stream = nullptr);
#endif

namespace workbook::cuda {

struct LaunchShape {
  const char* kernel;
  dim3 grid, block;
  unsigned long long shared_bytes;
  cudaStream_t stream;

  template <class Bound>
  void run(const void* address, const Bound& bound) const {
    workbook_cuda_launch(
        kernel, address, &grid, &block, shared_bytes, stream,
        [](const void* context) { (*static_cast<const Bound*>(context))(); }, &bound, sizeof bound);
  }
};

/// Whether a call takes an argument of this type by its address (the C++ ABI's "non-trivial for the purposes of
/// calls").
template <class P>
inline constexpr bool by_address = !std::is_trivially_copy_constructible_v<P> ||
                                   !std::is_trivially_move_constructible_v<P> || !std::is_trivially_destructible_v<P>;

/// A parameter as each thread of a GPU gets it: byte by byte. Its destructor runs on the host only, after the launch.
template <class P>
struct Bytes {
  alignas(P) unsigned char bytes[sizeof(P)];

  explicit Bytes(const P& value) { __builtin_memcpy(bytes, &value, sizeof(P)); }
  operator std::conditional_t<by_address<P>, P&, P>() { return *reinterpret_cast<P*>(bytes); }
};

/// A kernel with its launch's shape: converts the arguments to the parameters' types once, as a GPU's launch does.
template <class... P>
struct FunctionLaunch {
  void (*kernel)(P...);
  LaunchShape shape;

  void operator()(P... arguments) const {
    struct Bound {
      void (*kernel)(P...);
      std::tuple<P...> values;
      void operator()() const {
        if constexpr ((by_address<P> || ...)) {
          using Called = void (*)(std::conditional_t<by_address<P>, P&, P>...);
          const auto called = reinterpret_cast<Called>(reinterpret_cast<void*>(kernel));
          std::apply([&](const P&... value) { called(Bytes<P>(value)...); }, values);
        } else {
          std::apply(kernel, values);
        }
      }
    };
    shape.run(reinterpret_cast<const void*>(kernel), Bound{kernel, {std::move(arguments)...}});
  }
};

/// A kernel template whose arguments are deduced.
template <class Call>
struct DeducedLaunch {
  Call kernel;
  LaunchShape shape;

  template <class... A>
  void operator()(A... arguments) const {
    struct Bound {
      Call kernel;
      std::tuple<A...> values;
      void operator()() const { std::apply(kernel, values); }
    };
    shape.run(nullptr, Bound{kernel, {arguments...}});
  }
};

template <class... P>
FunctionLaunch<P...> launch(void (*kernel)(P...), const char* name, dim3 grid, dim3 block,
                            unsigned long long shared_bytes = 0, cudaStream_t stream = nullptr) {
  return {kernel, {name, grid, block, shared_bytes, stream}};
}
template <class Call>
requires(!std::is_pointer_v<std::decay_t<Call>> && !std::is_function_v<std::remove_reference_t<Call>>)
    DeducedLaunch<Call> launch(Call kernel, const char* name, dim3 grid, dim3 block,
                               unsigned long long shared_bytes = 0, cudaStream_t stream = nullptr) {
  return {kernel, {name, grid, block, shared_bytes, stream}};
}

}  // namespace workbook::cuda
