#!/bin/bash
# Builds the bundle for a platform's container in a folder laid out like one, and grades a solution and a stub there.
# It compiles the workbook anew: some ten minutes.   container_test.sh REPOSITORY BUILD_FOLDER
set -euo pipefail
repository=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
lesson=01_stable_softmax
WORKBOOK_BUILD_DIR=$2 "$repository/workbook" bundle "$scratch/autograder.zip" --lessons 01

export AUTOGRADER_ROOT=$scratch/autograder
mkdir -p "$AUTOGRADER_ROOT"/{source,submission,results}
(cd "$AUTOGRADER_ROOT/source" && cmake -E tar xf "$scratch/autograder.zip")
cp "$AUTOGRADER_ROOT/source/run_autograder" "$AUTOGRADER_ROOT/"
unset WORKBOOK_BUILD_DIR WORKBOOK_ROOT WORKBOOK_COMMAND
bash "$AUTOGRADER_ROOT/source/setup.sh"

graded() { # FILE: prints the score
  rm -rf "$AUTOGRADER_ROOT/submission" "$AUTOGRADER_ROOT/results/results.json"
  mkdir "$AUTOGRADER_ROOT/submission"
  cp "$1" "$AUTOGRADER_ROOT/submission/"
  "$AUTOGRADER_ROOT/run_autograder" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2 && return 1; }
  sed -n 's/^ *"score": *\([0-9.]*\).*/\1/p' "$AUTOGRADER_ROOT/results/results.json" | sort -n | tail -n 1
}

score=$(graded "$repository/solutions/$lesson/stable_softmax.cpp")
echo "the solution: $score"
grep '^Sandbox: ' "$scratch/log" # names the tier
[ "${score%.*}" -gt 0 ]
score=$(graded "$repository/lessons/$lesson/stable_softmax.cpp")
echo "the stub: $score"
[ "${score%.*}" = 0 ]
