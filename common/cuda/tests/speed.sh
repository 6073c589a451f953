#!/bin/bash
# How long the simulator takes: the solutions of the CUDA lessons through all their tests, and flash attention forward of
# 2 heads, 256 queries and keys, head_dim 64, with every access checked. The quickest of some runs, on one idle core.
# common/cuda/tests/speed.sh [BUILD [RUNS]]
set -euo pipefail
build=${1:-build} runs=${2:-5}

# Seconds that this command takes, the least of all runs.
seconds_of() {
  for ((i = 0; i < runs; ++i)); do
    local TIMEFORMAT=%R
    { time "$@" > /dev/null; } 2>&1
  done | sort -g | head -1
}

for solution in "$build"/lessons/*_cuda_*/solution.so; do
  folder=${solution%/*}
  printf '%-20s %s s\n' "${folder##*/}" "$(seconds_of "$folder/checker" --plugin "$solution")"
done
flash='flash reads K and V once for each query tile'
for ((i = 0; i < runs; ++i)); do
  "$build/lessons/cuda_probe/checker" --plugin "$build/lessons/cuda_probe/solution.so" --test "$flash"
done | sed -n 's/^ *\([0-9]*\) ms instrumented$/\1/p' | sort -g | head -1 | xargs printf 'flash forward        0.%03d s\n'
