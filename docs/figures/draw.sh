#!/bin/sh
# Draws the README's picture: what a student sees who copies KV heads in the wrong order.
#   docs/figures/draw.sh [BUILD_FOLDER]
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}

lesson=04_grouped_query mistake=tiles_the_copies
ninja -C "$build" terminal_figure "$lesson.checker" "$lesson.mistake.$mistake" >/dev/null
{
  printf '$ ./workbook test 04\n'
  "$build/lessons/$lesson/checker" --plugin "$build/lessons/$lesson/mistakes/$mistake.so" --color || true
} | sed '/more like it/{n;n;n;q;}' |
  "$build/bin/terminal_figure" "A verdict of the workbook" \
    "The test of repeat_kv fails: it shows the call, the first wrong value, which heads are wrong, and the likely reason." \
    >docs/figures/verdict.svg.new
mv docs/figures/verdict.svg.new docs/figures/verdict.svg
