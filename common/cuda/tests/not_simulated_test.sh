#!/bin/bash
# What is not simulated is told by the compiler: one sentence, at its line, before any other error; and only where the
# preprocessor leaves it.
#   not_simulated_test.sh COMPILER TRANSLATOR ROOT
# shellcheck disable=SC2016  # backticks of a message
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

first_error() {
  printf '%s\n' "$1" >"$folder/kernel.cu"
  "$2" "$folder/kernel.cu" -o "$folder/kernel.cpp"
  "$compiler" -std=gnu++20 -fsyntax-only -I"$root" -I"$root/common/cuda/include" -include cuda_runtime.h \
    "$folder/kernel.cpp" 2>&1 | grep -m1 ' error: ' || true
}
expect() {
  local found
  found=$(first_error "$1" "$translator")
  case $found in
    *$2*) ;;
    *) printf 'of\n%s\nexpected: %s\nfound: %s\n' "$1" "$2" "$found"; failed=1 ;;
  esac
}
silent() {
  local found
  found=$(first_error "$1" "$translator")
  if [ -n "$found" ]; then printf 'of\n%s\nexpected no error; found %s\n' "$1" "$found"; failed=1; fi
}

compiler=$1 translator=$2 root=$3
expect $'\n__managed__ int x;' 'kernel.cu:2:*error: managed memory is not simulated'
expect $'void f() {\n  float* p;\n  cudaMallocManaged(&p, 4);\n  undeclared();\n}' 'kernel.cu:3:*error: managed memory'
expect $'__global__ void k();\n__global__ void l() {\n k<<<1, 1>>>(); }' \
  'kernel.cu:3:*error: a kernel that launches a kernel (dynamic parallelism) is not simulated'
expect $'__global__ void k(cudaTextureObject_t t, float* x) { *x = tex1Dfetch<float>(t, 0); }' 'error: textures and surfaces'
expect $'void f(void** a) {\n cudaLaunchCooperativeKernel(f, 1, 1, a); }' 'kernel.cu:2:*error: a cooperative launch'
expect $'void f(cudaGraph_t g) {}' 'error: CUDA graphs are not simulated'
expect $'__device__ void f() {\n asm volatile("wgmma.fence.sync.aligned;\\n" ::: "memory"); }' \
  'kernel.cu:2:*error: inline PTX: `wgmma.fence.sync.aligned` is not simulated'
expect $'#define FENCE asm("fence.proxy.async;")\n__device__ void f() {\n FENCE; }' 'kernel.cu:3:*error: inline PTX: `fence.proxy'
expect $'#include <cooperative_groups.h>\n__global__ void k() { cooperative_groups::this_grid().sync(); }' \
  'a barrier of the whole grid'
expect $'#include <cooperative_groups.h>\nnamespace cg = cooperative_groups;\n__global__ void k() { cg::tiled_partition<64>(cg::this_thread_block()); }' \
  'tiles of several warps are not simulated'
silent $'#if 0\n__device__ void f() { asm("wgmma.fence.sync.aligned;"); cudaMallocManaged(); }\n#endif'
silent $'#if defined(NEVER)\n__device__ void f() { asm volatile("x" : "=r"(1) }\n#endif\n#define UNUSED asm("x")'
exit $failed
