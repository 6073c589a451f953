#!/bin/bash
# What only a GPU can tell: compiles every kernel for this machine's GPU, runs the CUDA lessons' tests on it, and compares
# the simulator's counts with what Nsight Compute measures. Writes docs/results/gpu.md.
#   common/cuda/gpu_run.sh [build folder]
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build}
table=docs/results/gpu.md
readonly not_verifiable_here=15

missing() {
  echo "not verifiable here: $1; nothing was compared, and $table was left as it is."
  exit $not_verifiable_here
}
[ -r /dev/nvidiactl ] || [ -r /dev/dxg ] || missing "this machine has no GPU (neither /dev/nvidiactl nor /dev/dxg)"
nvcc=$(PATH=$PATH:/usr/local/cuda/bin command -v nvcc) || missing "nvcc was not found"
ncu=$(PATH=$PATH:$(dirname "$nvcc") command -v ncu) || missing "ncu (Nsight Compute) was not found"

# One launch each: the tests of the simulator that are compared, by contract.
compared() {
  cat <<'END'
cuda_probe|tiles have tails
cuda_probe|a tile without padding has conflicts
cuda_probe|lanes and warps reduce a row
cuda_probe|a thread for each score reads everything again
cuda_probe|tiles give the same scores
cuda_probe|flash has tails
cuda_probe|a barrier between two guards is one barrier
cuda_probe|CUDA's words mean what they mean
END
}

readonly loads=l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum stores=l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum
readonly wavefronts=l1tex__data_pipe_lsu_wavefronts_mem_shared.sum

# From the checker's --meter: kernel|sectors loaded|sectors stored|wavefronts
simulated() {
  "$build/lessons/$1/checker" --plugin "$build/lessons/$1/solution.so" --test "$2" --meter | tr '\n' ' ' | tr -s ' ' |
    sed -nE 's/.* ([A-Za-z_<>0-9]+) <<<.*loads [0-9]+ B in ([0-9]+) sectors.*stores [0-9]+ B in ([0-9]+) sectors(.*)/\1|\2|\3|\4/p' |
    awk -F'|' '{n = 0; if (match($4, /wavefronts [0-9]+/)) n = substr($4, RSTART + 11, RLENGTH - 11); print $1 "|" $2 "|" $3 "|" n}'
}

# From Nsight Compute: sectors loaded|sectors stored|wavefronts
measured() {
  "$ncu" --target-processes all --page raw --print-units base --metrics "$loads,$stores,$wavefronts" \
    "$build/lessons/$1/checker" --plugin "$build/lessons/$1/solution.so" --test "$2" --gpu |
    awk -v l="$loads" -v s="$stores" -v w="$wavefronts" '
      {gsub(",", "", $NF)}
      $1 == l {a += $NF; seen = 1} $1 == s {b += $NF} $1 == w {c += $NF}
      END {if (seen) printf "%d|%d|%d\n", a, b, c; else print "none|none|none"}'
}

cuda_lessons() { grep -l '"track": *"cuda"' lessons/*/lesson.json | xargs -r -n 1 dirname | xargs -r -n 1 basename; }

cmake --preset student >/dev/null # finds out the GPU's architecture
targets=(gpu cuda_probe.checker cuda_probe.solution)
for lesson in $(cuda_lessons); do targets+=("$lesson.checker" "$lesson.solution"); done
ninja -C "$build" "${targets[@]}"

{
  echo "# On a GPU"
  echo
  echo "Written by \`common/cuda/gpu_run.sh\` on $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -n 1), $("$nvcc" --version | tail -n 1)."
  echo
  echo "## The lessons' tests"
  echo
  echo "| lesson | verdict of the solution |"
  echo "|---|---|"
  for lesson in $(cuda_lessons); do
    verdict=passed
    "$build/lessons/$lesson/checker" --plugin "$build/lessons/$lesson/solution.so" --gpu --quiet || verdict="exit code $?"
    echo "| $lesson | $verdict |"
  done
  echo
  echo "## Counts: simulator, then Nsight Compute"
  echo
  echo "\`$loads\`, \`$stores\`, \`$wavefronts\`"
  echo
  echo "| kernel | sectors loaded | sectors stored | shared wavefronts |"
  echo "|---|---|---|---|"
  compared | while IFS='|' read -r contract test; do
    IFS='|' read -r kernel a b c < <(simulated "$contract" "$test")
    IFS='|' read -r x y z < <(measured "$contract" "$test")
    echo "| \`$kernel\` | $a, $x | $b, $y | $c, $z |"
  done
} >"$table.new"
mv "$table.new" "$table"
cat "$table"
