#!/bin/sh
# A file of common/ includes headers of its own floor and of the floors below, never of one above.
# shellcheck disable=SC2016 # the dollars are awk's
set -eu
cd "$(dirname "$0")/../.."

# From the ground up: the floors of docs/figures/floors.svg, and the programs that draw such figures.
floors="$(sed -n 's/^    {"\([a-z]*\)", .*/\1/p' common/docs/floors.cpp | tac | tr '\n' ' ')docs"

# Tests may look from anywhere.
find common -path '*/tests' -prune -o \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' -o -name '*.inc' \) -print |
  sort | xargs -d '\n' awk -v floors="$floors" '
  BEGIN { n = split(floors, name, " "); for (i = 1; i <= n; ++i) height[name[i]] = i }
  /^#[ \t]*include "common\// {
    split(FILENAME, file, "/")
    split($0, header, "/")
    if (file[2] == "cmake") next # what CMake compiles ahead
    for (side = 1; side <= 2; ++side) {
      floor = side == 1 ? file[2] : header[2]
      if (!(floor in height)) { print FILENAME ":" FNR ": common/" floor " is on no floor; name it in common/checks/layers.sh"; failed = 1 }
    }
    if (height[header[2]] > height[file[2]]) {
      print FILENAME ":" FNR ": expected a header of " file[2] " or below it; found " $2 ", which stands above"
      failed = 1
    }
  }
  END { exit failed }'
