#!/bin/sh
# The benchmark at a tiny size: every layer verified, a wrong layer shown as wrong and not timed. Results, not times.
set -eu
cd "$(dirname "$0")/../.."
export WORKBOOK_BUILD_DIR="$1"
size="--batch 2 --seq 48 --d-model 48 --heads 6 --kv-heads 2 --num-runs 2"

fail() {
  printf '%s\n%s\n' "$1" "$2"
  exit 1
}

# shellcheck disable=SC2086
right=$(./workbook bench $size --json) || fail "expected a verified benchmark, found exit code $?" "$right"
[ "$(printf '%s\n' "$right" | grep -c '"verified": true')" = 3 ] || fail "expected three verified layers, found" "$right"

mistake=mistakes/interleaves_the_heads
ninja -C "$1" 04_grouped_query.mistake.interleaves_the_heads >/dev/null
status=0
# shellcheck disable=SC2086
wrong=$("$1/bin/bench" --plugin "$1/lessons/04_grouped_query/$mistake.so" --worker "$1/bin/worker" $size) || status=$?
[ "$status" = 1 ] || fail "expected exit code 1 for a wrong layer, found $status" "$wrong"
printf '%s\n' "$wrong" | grep -q 'grouped-query.*WRONG, not timed' || fail "expected a row that says WRONG, found" "$wrong"

status=0
"$1/bin/bench" --plugin "$1/lessons/04_grouped_query/student.so" --worker "$1/bin/worker" --heads 7 >/dev/null 2>&1 || status=$?
[ "$status" = 2 ] || fail "expected exit code 2 for heads that do not divide d_model, found $status" ""
