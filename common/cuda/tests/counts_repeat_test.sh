#!/bin/bash
# Counts and results do not depend on how many cores the simulator may use.
#   counts_repeat_test.sh CHECKER PLUGIN
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for cores in 1 2 7; do
  WORKBOOK_SIM_CORES=$cores "$1" --plugin "$2" --meter | grep -v ' ms ' >"$folder/$cores"
  grep -q sectors "$folder/$cores" || { echo "expected a table of counts; found"; cat "$folder/$cores"; exit 1; }
  diff "$folder/1" "$folder/$cores" || { echo "expected with $cores cores what one core gives"; exit 1; }
done
