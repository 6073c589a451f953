#!/bin/bash
# Whatever a call returns, a checker ends with a verdict: lies.sh BUILD_FOLDER [SEED...]
# Every lesson's tests are given answers of other shapes, sizes and values than the solution's (common/contract/lies.h).
# Every checker checks its indices; those of two lessons, one of each track, run under AddressSanitizer.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
shift
seeds=("$@")
[ $# -gt 0 ] || seeds=(1)

lessons=(lessons/[0-9][0-9]_*)
lessons=("${lessons[@]#lessons/}")
sanitized=(06_sliding_window 14_cuda_softmax)
cmake --preset asan -B "$build/asan" >/dev/null
ninja -C "$build" worker "${lessons[@]/%/.checker}" "${lessons[@]/%/.lies}" >/dev/null
ninja -C "$build/asan" "${sanitized[@]/%/.checker}" >/dev/null

# judge LESSON SEED
judge() {
  local code=0 checker=$build/lessons/$1/checker log
  log=$(mktemp)
  [[ " ${sanitized[*]} " != *" $1 "* ]] || checker=$build/asan/lessons/$1/checker
  WORKBOOK_LIES=$2 "$checker" --hidden --seed "$2" --worker "$build/bin/worker" \
    --plugin "$build/lessons/$1/lies/solution.so" >"$log" 2>&1 || code=$?
  case $code in
  1 | 1[0-5]) ;; # a verdict, and not "passed"
  *)
    tail -n 40 "$log"
    echo "expected $1 to have a verdict on the lies of seed $2; its checker ended with exit code $code"
    code=99
    ;;
  esac
  rm -f "$log"
  [ $code -lt 99 ]
}

export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99
running=()
for seed in "${seeds[@]}"; do
  for lesson in "${lessons[@]}"; do
    [ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n || true # whether it failed is asked at the end
    judge "$lesson" "$seed" &
    running+=($!)
  done
done
failed=0
for job in "${running[@]}"; do
  wait "$job" || failed=1
done
exit "$failed"
