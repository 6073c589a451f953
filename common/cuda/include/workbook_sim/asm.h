#pragma once
/// What the C++ is made of that the translator writes for inline PTX (common/cuda/translate/ptx_instructions.cpp).

#include "asm_bits.h"
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

template <class T, int n>
struct Words {
  T x[n];
};
/// n numbers at an address, by one access.
template <class T, int n, bool is_volatile = false>
WORKBOOK_INLINE Words<T, n> load(const void* address) {
  using Bits = typename cuda::WholeAccess<n * sizeof(T)>::Bits;
  Bits all;
  if constexpr (is_volatile)
    all = *static_cast<const volatile Bits*>(address);
  else
    all = *static_cast<const Bits*>(address);
  Words<T, n> words;
  __builtin_memcpy(&words, &all, sizeof words);
  return words;
}
template <class T, int n, bool is_volatile = false, class... Values>
WORKBOOK_INLINE void store_words(void* address, Values... values) {
  using Bits = typename cuda::WholeAccess<n * sizeof(T)>::Bits;
  const Words<T, n> words{{values...}};
  Bits all;
  __builtin_memcpy(&all, &words, sizeof words);
  if constexpr (is_volatile)
    *static_cast<volatile Bits*>(address) = all;
  else
    *static_cast<Bits*>(address) = all;
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
