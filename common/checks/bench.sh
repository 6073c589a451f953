#!/bin/sh
# The benchmark's command line at a tiny size. Results, not times: its unit tests look at every layer.
set -eu
cd "$(dirname "$0")/../.."
export WORKBOOK_BUILD_DIR="$1"
folder=$(mktemp -d)
kept=.workbook/bench # what somebody may have measured here
[ ! -e $kept ] || mv $kept "$folder/kept"
trap 'rm -rf $kept; [ ! -e "$folder/kept" ] || mv "$folder/kept" $kept; rm -rf "$folder"' EXIT

fail() {
  printf '%s\n' "$@"
  exit 1
}

expect_usage() { # what the message must hold, arguments...
  wanted=$1
  shift
  status=0
  text=$(./workbook bench "$@" 2>&1) || status=$?
  [ "$status" = 2 ] || fail "expected exit code 2 for bench $*, found $status" "$text"
  case $text in *"$wanted"*) ;; *) fail "expected \"$wanted\" for bench $*, found" "$text" ;; esac
}

quick="--models tiny --layers multi-head,grouped-query --num-runs 1 --warmup 0"
# shellcheck disable=SC2086
./workbook bench $quick --json >"$folder/a.json" || fail "expected a verified benchmark, found exit code $?"
[ "$(grep -c '"verified": true' "$folder/a.json")" -ge 6 ] || fail "expected six verified cases, found" "$(cat "$folder/a.json")"
grep -q '"products": "[a-zA-Z]* [0-9]' "$folder/a.json" || fail "expected who multiplies, found" "$(cat "$folder/a.json")"
./workbook bench report "$folder/a.json" --output "$folder/a.html"
grep -q '</html>' "$folder/a.html" || fail "expected a page, found" "$(cat "$folder/a.html")"
./workbook bench compare "$folder/a.json" "$folder/a.json" | grep -q ' 0 changed' || fail "expected no change"

# Nothing is timed that is not right, or not there.
status=0
# shellcheck disable=SC2086
mine=$(./workbook bench $quick --impl mine) || status=$?
[ "$status" = 1 ] || fail "expected exit code 1 for stubs, found $status" "$mine"
case $mine in *"not started: "*) ;; *) fail "expected rows that were not timed, found" "$mine" ;; esac

# A short look at one lesson has both implementations; the stubs' rows say that they are not started.
status=0
# shellcheck disable=SC2086
./workbook bench 8 $quick --threads 1 --json >"$folder/b.json" 2>/dev/null || status=$?
[ "$status" = 1 ] || fail "expected exit code 1 for stubs beside solutions, found $status" "$(cat "$folder/b.json")"
for row in '"backend": "flash (mine)"' '"impl": "mine"' '"backend": "flash (solution)"' '"impl": "solution"'; do
  grep -q "$row" "$folder/b.json" || fail "expected $row, found" "$(cat "$folder/b.json")"
done

# All that somebody has written: stubs are rows that say so, and what is there is judged by its own method and model.
expect_usage "bench mine" report --mine
expect_usage "found none" report
# shellcheck disable=SC2086
text=$(./workbook bench mine $quick) || fail "expected exit code 0 for stubs of one's own, found $?"
for part in "flash_attention is not written yet" "median_interval is not written yet" "Lessons passed"; do
  case $text in *"$part"*) ;; *) fail "expected \"$part\" of stubs, found" "$text" ;; esac
done
./workbook bench report --mine --output "$folder/mine.html"
grep -q 'flash_attention is not written yet' "$folder/mine.html" || fail "expected a page, found" "$(cat "$folder/mine.html")"
./workbook bench mine --impl solution --models tiny --layers multi-head,full --num-runs 6 --device cpu >"$folder/mine.txt" ||
  fail "expected exit code 0 for the solutions, found $?" "$(cat "$folder/mine.txt")"
for part in '\(faster\|slower\|undecided\)' '\(arithmetic\|bandwidth\|neither\)' 'flash: .* for a FLOP' 'Right choices'; do
  grep -q "$part" "$folder/mine.txt" || fail "expected \"$part\" of the solutions, found" "$(cat "$folder/mine.txt")"
done
./workbook bench report --mine --markdown | grep -q '^| full | vectorized | ' || fail "expected a table in Markdown"

# The tables of the documentation are those of its results.
if [ -e docs/results/tables.md ]; then
  command=$(sed -n 's/^    \.\/workbook //p' docs/results/tables.md | head -n 1)
  # shellcheck disable=SC2086
  ./workbook $command >"$folder/tables.md"
  cmp "$folder/tables.md" docs/results/tables.md || fail "docs/results/tables.md is out of date: ./workbook $command"
fi

expect_usage "joins the benchmark: 02, 04, 08" 7
expect_usage "seed_layer" --models gpt
expect_usage "core_gqa" --models seed_layer --layers full
expect_usage "cross-attention" --layers latnt
expect_usage "flash" --backends flush
expect_usage "--dtype of bfloat16, float32 on device cpu" --dtype float64
expect_usage "divide" --models tiny --heads 7
expect_usage "seq or hidden" --sweep depth
expect_usage "--num-runs" --num-runs 0
