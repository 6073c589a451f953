#!/bin/sh
# What the README and the guides show of programs is what these draw and print.
#   figures.sh BUILD_FOLDER
set -eu
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

docs/figures/draw.sh "$1" "$scratch"
for figure in "$scratch"/*.svg; do
  cmp "$figure" "docs/figures/$(basename "$figure")" || failed=1
done

# Every line of `program` stands in `text`; with `...`, only a line's beginning is shown.
contains() { # text, what is shown of it
  sed 's/^ *//; s/ *\.\.\.$//' "$2" | while IFS= read -r line; do
    grep -qF -- "$line" "$1" || { echo "not printed (any more): $line" && exit 1; }
  done || failed=1
}

"$1/bin/roofline_figure" --table >"$scratch/table"
contains docs/roofline.md "$scratch/table"
lesson=$1/lessons/04_grouped_query
"$lesson/checker" --plugin "$lesson/mistakes/tiles_the_copies.so" >"$scratch/verdict" || true
sed -n '/^    ✗/,/^$/p' docs/before_you_start.md >"$scratch/shown"
contains "$scratch/verdict" "$scratch/shown"

[ $failed = 0 ] || echo "docs/figures/draw.sh draws the figures again"
exit $failed
