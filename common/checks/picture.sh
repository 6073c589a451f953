#!/bin/sh
# The README's picture is what the workbook prints today.
set -eu
cd "$(dirname "$0")/../.."

before=$(cat docs/figures/verdict.svg)
docs/figures/draw.sh "$1"
if [ "$before" != "$(cat docs/figures/verdict.svg)" ]; then
  echo "docs/figures/verdict.svg was out of date; docs/figures/draw.sh has drawn it again: commit it"
  exit 1
fi
