#!/bin/sh
# Every script passes shellcheck.
set -eu
cd "$(dirname "$0")/../.."

{
  find common .ci -name '*.sh'
  grep -rlI --exclude-dir=build --exclude-dir=.git '^#!/.*sh$' . || true
} | sort -u | xargs -d '\n' shellcheck
