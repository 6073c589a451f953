# shellcheck shell=bash disable=SC2034 # variables that the tests read
# A workbook in miniature, and what its tests say with. To be sourced with REPOSITORY and COMMAND_LINE_PROGRAM.
set -uo pipefail
repository=$1 program=$2
here=$(dirname -- "$(readlink -f -- "$0")")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree="$scratch/a workbook"
failures=0
export TERM=xterm LC_ALL=C.UTF-8
unset NO_COLOR WORKBOOK_ROOT WORKBOOK_BUILD_DIR WORKBOOK_COMMAND

make_tree() {
  cp -r "$here/tree" "$tree"
  mkdir -p "$tree/common/cli" "$tree/build/bin"
  cp -r "$repository/common/"{edition,mistake,options,report,system,workspace} "$tree/common/"
  cp -r "$repository/workbook" "$tree/"
  cp "$repository/common/cli/"*.{sh,cpp} "$tree/common/cli/"
  cp "$program" "$tree/build/bin/workbook"
  local file more="$tree/lessons/02_adding_more"
  cp -r "$tree/lessons/01_adding" "$more"
  for file in "$more"/*; do sed -i 's/adding/adding_more/g' "$file"; done
  mv "$more/adding.h" "$more/adding_more.h"
  mv "$more/adding.cpp" "$more/adding_more.cpp"
  touch "$tree/build/bin/workbook.stamp"
  cd "$tree" || exit
  stub=lessons/01_adding/adding.cpp
}

fail() {
  echo "FAILED: $1" >&2
  [ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/    /' >&2
  failures=$((failures + 1))
}

# expect EXIT_CODE "regular expression" COMMAND...: what it prints, on either stream, has a line that matches.
expect() {
  local code=$1 pattern=$2 output got
  shift 2
  output=$("$@" 2>&1 </dev/null)
  got=$?
  [ "$got" = "$code" ] || fail "$*: expected exit code $code, got $got" "$output"
  grep -qE -- "$pattern" <<<"$output" || fail "$*: expected to read /$pattern/" "$output"
}

reject() { # "regular expression" COMMAND...
  local pattern=$1 output
  shift
  output=$("$@" 2>&1 </dev/null)
  ! grep -qE -- "$pattern" <<<"$output" || fail "$*: expected not to read /$pattern/" "$output"
}

write_stub() { # the body of add()
  printf '#include "adding.h"\nint workbook::adding::add(int a, int b) {\n  %s\n}\n' "$1" >"$stub"
}
