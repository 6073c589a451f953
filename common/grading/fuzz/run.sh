#!/bin/bash
# Fuzzes for a while: run.sh FUZZ_TARGET LONGEST_INPUT SECONDS. What broke it stays in the folder that is named at the
# end. An input that takes 10 s, or hundreds of MB, is a find like a crash.
set -euo pipefail
target=$(readlink -f -- "$1")
scratch=$(mktemp -d)
mkdir "$scratch/seeds" "$scratch/corpus"
export WORKBOOK_SEEDS=$scratch/seeds
export ASAN_OPTIONS=quarantine_size_mb=16 # what it keeps of freed memory is not the target's
cd "$scratch"
# The first call only writes the seeds.
"$target" -runs=0 >/dev/null 2>&1
limits=(-timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 -max_len="$2")
if "$target" -max_total_time="$3" "${limits[@]}" -print_final_stats=1 corpus seeds >log 2>&1; then
  grep -E 'number_of_executed_units|new_units_added|slowest_unit|peak_rss' log
  rm -rf "$scratch"
else
  tail -n 60 log
  echo "expected no crash and little time and memory; found otherwise, with its input in $scratch"
  exit 1
fi
