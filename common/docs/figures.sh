#!/bin/sh
# The guides' figures and tables are what their programs draw and print.
#   figures.sh FOLDER_OF_THE_PROGRAMS
set -eu
cd "$(dirname "$0")/../.."
failed=0
for figure in roofline call; do
  "$1/${figure}_figure" | cmp - "docs/figures/$figure.svg" || failed=1
done
"$1/roofline_figure" --table | while IFS= read -r row; do
  grep -qxF -- "$row" docs/roofline.md || { echo "docs/roofline.md lacks: $row" && exit 1; }
done || failed=1
[ $failed = 0 ] || echo "docs/figures/draw.sh draws them again"
exit $failed
