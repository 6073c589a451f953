#!/bin/sh
# Every source is as clang-format 14 leaves it, and no source is longer than a person reads in one go.
set -eu
cd "$(dirname "$0")/../.."

sources() { find lessons solutions testcases common -name '*.cpp' -o -name '*.h' -o -name '*.cu' -o -name '*.cuh'; }

sources | xargs -d '\n' clang-format --dry-run --Werror
long=$(sources | xargs -d '\n' wc -l | awk '$2 != "total" && $1 > 300 {print "  " $2 ": " $1 " lines"}')
if [ -n "$long" ]; then
  printf 'expected at most 300 lines; found\n%s\n' "$long"
  exit 1
fi
