#pragma once
/// What groups and instructions give, one number for each lane of a warp.

#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda_fp16.h>

namespace workbook {

namespace cg = cooperative_groups;

#define LANES(name, ...)                                            \
  __global__ void name([[maybe_unused]] const float* x, float* y) { \
    const unsigned lane = threadIdx.x;                              \
    y[lane] = [&]() -> float { __VA_ARGS__ }();                     \
  }

__device__ inline float sum_of(const cg::thread_group& group, float value, float* shared) {
  for (unsigned step = group.size() / 2; step > 0; step /= 2) {
    shared[group.thread_rank()] = value;
    group.sync();
    if (group.thread_rank() < step) value += shared[group.thread_rank() + step];
    group.sync();
  }
  return value;
}
LANES(group_of_block, __shared__ float s[32]; return sum_of(cg::this_thread_block(), x[lane], s);)
LANES(group_of_tile, __shared__ float s[32]; const auto tile = cg::tiled_partition<8>(cg::this_thread_block());
      return sum_of(tile, x[lane], s + lane / 8 * 8);)
LANES(group_at_run_time, __shared__ float s[32];
      const cg::thread_group tile = cg::tiled_partition(cg::this_thread_block(), blockDim.x / 4);
      return sum_of(tile, x[lane], s + lane / 8 * 8);)
LANES(block_with_memory, __shared__ cg::block_tile_memory<256> memory;
      return static_cast<float>(cg::this_thread_block(memory).size());)
LANES(coalesced, const cg::coalesced_group all = cg::coalesced_threads();
      return cg::reduce(all, x[lane], cg::plus<float>()) + static_cast<float>(all.thread_rank()) +
             all.shfl(x[lane], all.size() - 1) + static_cast<float>(all.ballot(lane == 3));)

LANES(ex2, float r; asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x[lane])); return r;)
LANES(lg2, float r; asm("lg2.approx.f32 %0, %1;" : "=f"(r) : "f"(x[lane] + 40)); return r;)
LANES(rcp, float r; asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x[lane] + 40)); return r;)
LANES(tanh_approx, float r; asm("tanh.approx.f32 %0, %1;" : "=f"(r) : "f"(x[lane])); return r;)
LANES(laneid, unsigned r; asm volatile("mov.u32 %0, %%laneid;" : "=r"(r)); return static_cast<float>(r);)
LANES(lanemask, unsigned r; asm("mov.u32 %0, %lanemask_lt;" : "=r"(r)); return static_cast<float>(__popc(r));)
LANES(predicate, int r = static_cast<int>(lane); asm("{\n"
                                                     "  .reg .pred p, q;\n"
                                                     "  setp.ge.s32 p, %0, 16;\n"
                                                     "  setp.eq.u32 q, %1, 0;\n"
                                                     "  @p add.s32 %0, %0, -100;\n"
                                                     "  @!p mad.lo.s32 %0, %0, 2, 1;\n"
                                                     "  selp.b32 %0, 7, %0, q;\n"
                                                     "}\n"
                                                     : "+r"(r)
                                                     : "r"(lane));
      return static_cast<float>(r);)
LANES(conversion, unsigned short h; unsigned pair; float r; float low; asm("cvt.rn.f16.f32 %0, %1;"
                                                                           : "=h"(h)
                                                                           : "f"(x[lane]));
      asm("cvt.rn.f16x2.f32 %0, %1, %2;"
          : "=r"(pair)
          : "f"(x[lane]), "f"(1.0f));
      asm("{ .reg .b16 lo, hi; mov.b32 {lo, hi}, %1; cvt.f32.f16 %0, lo; }"
          : "=f"(low)
          : "r"(pair));
      asm("cvt.f32.f16 %0, %1;"
          : "=f"(r)
          : "h"(h));
      return r + low + __half2float(__ushort_as_half(static_cast<unsigned short>(pair >> 16)));)
LANES(
    butterfly, float r = x[lane]; for (int step = 16; step > 0; step /= 2) {
      float other;
      asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=f"(other) : "f"(r), "r"(step));
      r += other;
    } return r;)
LANES(bits_of_words, unsigned r; unsigned p; asm("lop3.b32 %0, %1, 0x0f, 0xf0, 0xea;"
                                                 : "=r"(r)
                                                 : "r"(lane));  // (a & b) | c
      asm("prmt.b32 %0, %1, %2, 0x5410;"
          : "=r"(p)
          : "r"(lane), "r"(3));
      return static_cast<float>(r + (p >> 16) + (p & 0xffff));)
LANES(
    vectors, float4 v = {}; if (lane < 8) {
      asm volatile("ld.global.nc.L1::no_allocate.L2::128B.v4.f32 {%0, %1, %2, %3}, [%4];"
                   : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w)
                   : "l"(x + 4 * lane));
    } return __shfl_sync(0xffffffffu, v.x, lane / 4) +
                            __shfl_sync(0xffffffffu, v.w, lane / 4);)
LANES(shared_words, __shared__ __align__(16) float s[32];
      const unsigned base = static_cast<unsigned>(__cvta_generic_to_shared(s));
      asm volatile("st.shared.f32 [%0], %1;" ::"r"(base + 4 * lane), "f"(x[lane])
                   : "memory");
      asm volatile("bar.sync 0;" ::
                       : "memory");
      float r; unsigned address; asm("{ .reg .u64 a; cvta.to.shared.u64 a, %1; cvt.u32.u64 %0, a; }"
                                     : "=r"(address)
                                     : "l"(s + (31 - lane)));
      asm volatile("ld.shared.f32 %0, [%1];"
                   : "=f"(r)
                   : "r"(address));
      return r;)
LANES(
    copied, extern __shared__ float4 q[]; const int bytes = lane < 7 ? 16 : 0; if (lane < 8) {
      const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(&q[lane]));
      asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], %2, %3;\n" ::"r"(to), "l"(x + 4 * lane), "n"(16),
                   "r"(bytes)
                   : "memory");
    } asm volatile("cp.async.commit_group;\n" ::);
    asm volatile("cp.async.wait_group %0;\n" ::"n"(0)); __syncthreads();
    return reinterpret_cast<const float*>(q)[31 - lane];)
LANES(pairs, unsigned r; unsigned two; asm("{ .reg .b32 x;\n"
                                           "  cvt.rn.f16x2.f32 x, %2, %2;\n"
                                           "  cvt.rn.f16x2.f32 %1, %3, %3;\n"
                                           "  fma.rn.f16x2 %0, x, %1, x;\n"
                                           "  add.f16x2 %0, %0, %1; }"
                                           : "=r"(r), "=&r"(two)
                                           : "f"(x[lane]), "f"(2.0f));
      return __high2float(*reinterpret_cast<const __half2*>(&r));)
LANES(hinted, __shared__ __align__(16) float s[32];
      const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(s)) + 16 * lane;
      asm volatile("{\n"
                   "  .reg .pred p;\n"
                   "  .reg .b64 policy;\n"
                   "  createpolicy.fractional.L2::evict_first.b64 policy, 1.0;\n"
                   "  setp.ne.b32 p, %0, 0;\n"
                   "  @p cp.async.cg.shared.global.L2::cache_hint [%1], [%2], 16, policy;\n"
                   "}\n" ::"r"(static_cast<int>(lane < 8)),
                   "r"(to), "l"(x + 4 * lane)
                   : "memory");
      asm volatile("cp.async.wait_all;" ::
                       : "memory");
      __syncthreads(); return s[31 - lane];)
LANES(integers, int r; long long wide; unsigned some; asm("mul.wide.s32 %0, %1, -3;"
                                                          : "=l"(wide)
                                                          : "r"(static_cast<int>(lane)));
      asm("bfe.u32 %0, %1, 1, 2;"
          : "=r"(some)
          : "r"(lane));
      asm("cvt.rni.s32.f32 %0, %1;"
          : "=r"(r)
          : "f"(x[lane]));
      return static_cast<float>(r + wide + static_cast<int>(some));)
LANES(ordered, float r; asm volatile("ld.global.acquire.gpu.f32 %0, [%1+-4];"
                                     : "=f"(r)
                                     : "l"(x + lane + 1)
                                     : "memory");
      asm volatile("prefetch.global.L2 [%0];" ::"l"(x)); asm volatile("fence.acq_rel.gpu;" ::
                                                                          : "memory");
      return r;)
LANES(added, __shared__ float sum; __shared__ unsigned count; if (lane == 0) sum = 0, count = 0; __syncthreads();
      asm volatile("red.shared.add.f32 [%0], %1;" ::"r"(static_cast<unsigned>(__cvta_generic_to_shared(&sum))),
                   "f"(x[lane])
                   : "memory");
      unsigned before; asm volatile("atom.add.u32 %0, [%1], 1;"
                                    : "=r"(before)
                                    : "l"(&count)
                                    : "memory");
      __syncthreads(); return before < 32 ? sum + static_cast<float>(count) : 0.0f;)

inline void launch_lanes(const std::string& name, const float* x, float* y) {
  const auto run = [&](const char* wanted, void (*kernel)(const float*, float*)) {
    if (name == wanted) kernel<<<1, 32, 128>>>(x, y);
  };
  run("block", group_of_block);
  run("tile", group_of_tile);
  run("tile at run time", group_at_run_time);
  run("block with memory", block_with_memory);
  run("coalesced", coalesced);
  run("ex2", ex2);
  run("lg2", lg2);
  run("rcp", rcp);
  run("tanh", tanh_approx);
  run("laneid", laneid);
  run("lanemask", lanemask);
  run("predicate", predicate);
  run("conversion", conversion);
  run("butterfly", butterfly);
  run("bits", bits_of_words);
  run("vectors", vectors);
  run("shared words", shared_words);
  run("copied", copied);
  run("pairs", pairs);
  run("hinted", hinted);
  run("integers", integers);
  run("ordered", ordered);
  run("added", added);
}

}  // namespace workbook
