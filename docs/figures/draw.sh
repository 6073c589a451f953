#!/bin/sh
# Draws the figures of the README and the guides.
#   docs/figures/draw.sh [BUILD_FOLDER [FOLDER]]     into FOLDER, from programs that are built already
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
folder=${2:-docs/figures}

lesson=04_grouped_query mistake=tiles_the_copies
[ $# = 2 ] ||
  ninja -C "$build" terminal_figure roofline_figure call_figure floors_figure ladder_figure worker "$lesson.checker" "$lesson.mistake.$mistake" >/dev/null

draw() { # name: from stdin
  cat >"$folder/$1.svg.new"
  mv "$folder/$1.svg.new" "$folder/$1.svg"
}

"$build/bin/roofline_figure" | draw roofline
"$build/bin/call_figure" | draw call
"$build/bin/floors_figure" | draw floors
"$build/bin/ladder_figure" docs/results/lesson_12.json | draw ladder
# What a student sees who copies KV heads in the wrong order: the first tests of the list, and the failure below it.
{
  printf '$ ./workbook test 04\n'
  "$build/lessons/$lesson/checker" --plugin "$build/lessons/$lesson/mistakes/$mistake.so" --color || true
} | awk 'NR <= 4 { print } NR == 5 { print "  ..." } /^$/ { below = 1 } below { print } /more like it/ { exit }' |
  "$build/bin/terminal_figure" "A verdict of the workbook" \
    "The test of repeat_kv fails: it shows the call, the first wrong value, which heads are wrong, and the likely reason." |
  draw verdict
