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
[ "$(printf '%s\n' "$right" | grep -c '"verified": true')" = 9 ] || fail "expected nine verified cases, found" "$right"

# Nothing is timed that is not right, or not there.
status=0
# shellcheck disable=SC2086
mine=$(./workbook bench $size --impl mine --csv) || status=$?
[ "$status" = 1 ] || fail "expected exit code 1 for stubs, found $status" "$mine"
[ "$(printf '%s\n' "$mine" | grep -c ',false,0,')" = 9 ] || fail "expected nine rows that were not timed, found" "$mine"

ninja -C "$1" layers.wrong.bench >/dev/null
status=0
# shellcheck disable=SC2086
wrong=$("$1/bin/bench" --plugin "$1/lessons/layers/wrong.bench.so" --worker "$1/bin/worker" $size) || status=$?
[ "$status" = 1 ] || fail "expected exit code 1 for wrong layers, found $status" "$wrong"
[ "$(printf '%s\n' "$wrong" | grep -c 'WRONG, not timed: first wrong at')" = 6 ] || fail "expected six wrong rows, found" "$wrong"
[ "$(printf '%s\n' "$wrong" | grep -c 'WRONG, not timed: crashed')" = 3 ] || fail "expected three crashed rows, found" "$wrong"

status=0
"$1/bin/bench" --plugin "$1/lessons/layers/solution.bench.so" --worker "$1/bin/worker" --heads 7 >/dev/null 2>&1 || status=$?
[ "$status" = 2 ] || fail "expected exit code 2 for heads that do not divide d_model, found $status" ""
