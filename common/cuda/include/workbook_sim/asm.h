#pragma once
/// What the C++ is made of that the translator writes for inline PTX (common/cuda/translate/ptx_instructions.cpp).

#include <algorithm>

#include "asm_numbers.h"
#include "ptx.h"

/// A number of 32 bits for an address in shared memory: static variables first, then what is dynamic.
extern "C" WORKBOOK_BOTH unsigned workbook_cuda_shared_address(const void* pointer);
/// Its pointer. One outside of shared memory points outside, too.
extern "C" WORKBOOK_BOTH void* workbook_cuda_shared_pointer(unsigned address);

WORKBOOK_INLINE size_t __cvta_generic_to_shared(const void* pointer) { return workbook_cuda_shared_address(pointer); }
WORKBOOK_INLINE size_t __cvta_generic_to_global(const void* pointer) { return reinterpret_cast<size_t>(pointer); }
WORKBOOK_INLINE void* __cvta_shared_to_generic(size_t address) {
  return workbook_cuda_shared_pointer(static_cast<unsigned>(address));
}
WORKBOOK_INLINE void* __cvta_global_to_generic(size_t address) { return reinterpret_cast<void*>(address); }

namespace workbook::ptx {

WORKBOOK_INLINE void* in_shared(unsigned long long address) {
  return workbook_cuda_shared_pointer(static_cast<unsigned>(address));
}
WORKBOOK_INLINE void* anywhere(unsigned long long address) { return reinterpret_cast<void*>(address); }

WORKBOOK_INLINE unsigned warp_of_block() {
  return (threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) / 32;
}
WORKBOOK_INLINE unsigned lanes_equal() { return 1u << cuda::lane_of_warp(); }
WORKBOOK_INLINE unsigned lanes_below() { return lanes_equal() - 1; }

template <class T>
WORKBOOK_INLINE T shifted_left(T x, unsigned by) {
  return by < 8 * sizeof(T) ? static_cast<T>(x << by) : T{};
}
template <class T>
WORKBOOK_INLINE T shifted_right(T x, unsigned by) {
  return static_cast<T>(x >> std::min(by, static_cast<unsigned>(8 * sizeof(T) - 1)) >> (by >= 8 * sizeof(T)));
}
template <class T>
WORKBOOK_INLINE auto times_wide(T x, T y) {
  using Wide =
      std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, long long, unsigned long long>,
                         std::conditional_t<std::is_signed_v<T>, int, unsigned>>;
  return static_cast<Wide>(x) * static_cast<Wide>(y);
}
template <class T>
WORKBOOK_INLINE T times_high(T x, T y) {
  static_assert(sizeof(T) <= 4, "inline PTX: `mul.hi` of 64 bits is not simulated");
  return static_cast<T>(times_wide(x, y) >> (8 * sizeof(T)));
}
/// bfe and bfi of 32 bits.
template <class T>
WORKBOOK_INLINE T field(T x, unsigned first, unsigned count) {
  const unsigned from = first & 255, n = std::min(count & 255, 32u);
  if (n == 0) return 0;
  if (!std::is_signed_v<T>) return shifted_right(x, from) & static_cast<T>(~0u >> (32 - n));
  return shifted_right(shifted_left(shifted_right(x, from), 32 - n), 32 - n);
}
WORKBOOK_INLINE unsigned with_field(unsigned field, unsigned x, unsigned first, unsigned count) {
  const unsigned mask = shifted_left(count >= 32 ? ~0u : (1u << count) - 1, first);
  return (x & ~mask) | (shifted_left(field, first) & mask);
}
WORKBOOK_INLINE unsigned chosen_bits(unsigned a, unsigned b, unsigned c, unsigned table) {
  unsigned result = 0;
  for (unsigned row = 0; row < 8; ++row)
    if (table >> row & 1) result |= (row & 4 ? a : ~a) & (row & 2 ? b : ~b) & (row & 1 ? c : ~c);
  return result;
}

template <class T>
WORKBOOK_INLINE Pair<T> pair_of(float low, float high) {
  return {T(low), T(high)};
}
template <class Whole, class A, class B>
WORKBOOK_INLINE Whole joined(const A& low, const B& high) {
  using Part = std::conditional_t<sizeof(Whole) == 8, unsigned, unsigned short>;
  return bits<Whole>(static_cast<std::conditional_t<sizeof(Whole) == 8, unsigned long long, unsigned>>(
      bits<Part>(low) |
      shifted_left(static_cast<std::conditional_t<sizeof(Whole) == 8, unsigned long long, unsigned>>(bits<Part>(high)),
                   8 * sizeof(Part))));
}
template <class Whole, class A, class B>
WORKBOOK_INLINE void split(Whole whole, A& low, B& high) {
  using Part = std::conditional_t<sizeof(Whole) == 8, unsigned, unsigned short>;
  const auto all = bits<std::conditional_t<sizeof(Whole) == 8, unsigned long long, unsigned>>(whole);
  put(low, static_cast<Part>(all));
  put(high, static_cast<Part>(all >> (8 * sizeof(Part))));
}

enum Way { plain, nearest, down, up, saturated };
template <class To, Way way, class From>
WORKBOOK_INLINE To converted(const From& from) {
  if constexpr (std::is_integral_v<To> && std::is_integral_v<From>) {
    return static_cast<To>(from);
  } else {
    double x = static_cast<double>(from);
    if (way == nearest) x = std::nearbyint(x);
    if (way == down) x = std::floor(x);
    if (way == up) x = std::ceil(x);
    if (way == saturated) x = x > 0 ? std::min(x, 1.0) : 0;
    if constexpr (std::is_integral_v<To>)  // a GPU saturates
      return !(x > static_cast<double>(std::numeric_limits<To>::lowest())) ? std::numeric_limits<To>::lowest()
             : x >= static_cast<double>(std::numeric_limits<To>::max())    ? std::numeric_limits<To>::max()
                                                                           : static_cast<To>(x);
    else
      return static_cast<To>(x);
  }
}

template <class T, int n>
struct Words {
  T x[n];
};
/// n numbers at an address, by one access.
template <class T, int n, bool is_volatile = false>
WORKBOOK_INLINE Words<T, n> load(const void* address) {
  using Bits = typename cuda::WholeAccess<n * sizeof(T)>::Bits;
  using Access = std::conditional_t<is_volatile, const volatile Bits, const Bits>;
  const Bits all = *static_cast<Access*>(address);
  Words<T, n> words;
  __builtin_memcpy(&words, &all, sizeof words);
  return words;
}
template <class T, int n, bool is_volatile = false, class... Values>
WORKBOOK_INLINE void store_words(void* address, Values... values) {
  using Bits = typename cuda::WholeAccess<n * sizeof(T)>::Bits;
  using Access = std::conditional_t<is_volatile, volatile Bits, Bits>;
  const Words<T, n> words{{values...}};
  Bits all;
  __builtin_memcpy(&all, &words, sizeof words);
  *static_cast<Access*>(address) = all;
}

template <int kBytes, bool kBypasses>
WORKBOOK_INLINE void copy_bytes(void* shared, const void* global, int source_bytes) {
  static_assert(kBytes == 16 || (!kBypasses && (kBytes == 4 || kBytes == 8)),
                "cp.async.ca copies 4, 8 or 16 bytes, cp.async.cg copies 16");
  workbook_cuda_async_copy(shared, global, kBytes, source_bytes);
}

template <WorkbookCollective what>
WORKBOOK_INLINE unsigned shuffled(unsigned value, unsigned argument, unsigned clamp, unsigned mask) {
  const unsigned width = 32 - (clamp >> 8 & 31);
  return cuda::shuffle(what, mask, value, static_cast<int>(argument), static_cast<int>(width));
}

/// mma.m16n8k16 or m16n8k8 in parts, by registers: of 16-bit numbers, or accumulators in floats.
template <class T, int kDepth, bool kNarrow>
struct Multiplication {
  WorkbookMultiply share{};
  WORKBOOK_INLINE void set(float* to, unsigned pair) {
    const auto both = bits<Pair<T>>(pair);
    to[0] = both.low;
    to[1] = both.high;
  }
  WORKBOOK_INLINE void a(int i, unsigned pair) { set(share.a + 2 * i, pair); }
  WORKBOOK_INLINE void b(int i, unsigned pair) { set(share.b + 2 * i, pair); }
  template <class Register>
  WORKBOOK_INLINE void c(int i, const Register& from) {
    if constexpr (kNarrow)
      set(share.d + 2 * i, bits<unsigned>(from));
    else
      share.d[i] = bits<float>(from);
  }
  WORKBOOK_INLINE void run() {
    share.depth = kDepth;
    cuda::multiply(share);
  }
  WORKBOOK_INLINE auto d(int i) const {
    if constexpr (kNarrow)
      return pair_of<T>(share.d[2 * i], share.d[2 * i + 1]);
    else
      return share.d[i];
  }
};

}  // namespace workbook::ptx
