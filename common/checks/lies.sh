#!/bin/bash
# Whatever a call returns, a checker ends with a verdict: lies.sh BUILD_FOLDER [SEED...]
# Every lesson's tests run under AddressSanitizer, with answers of other shapes, sizes and values than the solution's
# (common/checker/lies.h).
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
shift
seeds=("$@")
[ $# -gt 0 ] || seeds=(1 2)

lessons=(lessons/[0-9][0-9]_*)
lessons=("${lessons[@]#lessons/}")
cmake --preset asan -B "$build/asan" >/dev/null
ninja -C "$build" worker "${lessons[@]/%/.solution}" >/dev/null
ninja -C "$build/asan" "${lessons[@]/%/.checker}" >/dev/null

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99
failed=0
for lesson in "${lessons[@]}"; do
  for seed in "${seeds[@]}"; do
    code=0
    WORKBOOK_LIES=$seed "$build/asan/lessons/$lesson/checker" --hidden --seed "$seed" --worker "$build/bin/worker" \
      --plugin "$build/lessons/$lesson/solution.so" >"$scratch/log" 2>&1 || code=$?
    case $code in
    1 | 1[0-5]) ;; # a verdict, and not "passed"
    *)
      tail -n 40 "$scratch/log"
      echo "expected $lesson to have a verdict on the lies of seed $seed; its checker ended with exit code $code"
      failed=1
      ;;
    esac
  done
done
exit "$failed"
