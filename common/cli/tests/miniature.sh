# shellcheck shell=bash disable=SC2034 # variables that the tests read
# A workbook in miniature, and what its tests say with. To be sourced with REPOSITORY and COMMAND_LINE_PROGRAM.
set -uo pipefail
# shellcheck source=common/cli/tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/expect.sh"
repository=$1 program=$2
here=$(dirname -- "$(readlink -f -- "$0")")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree="$scratch/a workbook"
export TERM=xterm LC_ALL=C.UTF-8
unset NO_COLOR WORKBOOK_ROOT WORKBOOK_BUILD_DIR WORKBOOK_COMMAND

make_tree() {
  cp -r "$here/tree" "$tree"
  mkdir -p "$tree/common/cli" "$tree/build/bin"
  cp -r "$repository/common/"{cmake,edition,mistake,options,report,system,workspace} "$tree/common/"
  cp -r "$repository/workbook" "$tree/"
  cp "$repository/common/cli/"*.{sh,cpp} "$tree/common/cli/"
  cp "$program" "$tree/build/bin/workbook"
  local file more="$tree/lessons/02_adding_more"
  cp -r "$tree/lessons/01_adding" "$more"
  for file in "$more"/*; do sed -i 's/adding/adding_more/g' "$file"; done
  mv "$more/adding.h" "$more/adding_more.h"
  mv "$more/adding.cpp" "$more/adding_more.cpp"
  cd "$tree" || exit
  stub=lessons/01_adding/adding.cpp
  ./workbook list >/dev/null 2>&1 # has the command line built
}

write_stub() { # the body of add(), and another file than the stub
  printf '#include "adding.h"\nint workbook::adding::add(int a, int b) {\n  %s\n}\n' "$1" >"${2-$stub}"
}

# Starts the command in a session of its own, as a terminal does, and interrupts its first process group once a
# process called `marker` runs in it.
interrupt() { # marker COMMAND...
  local marker=$1 leader code left
  shift
  setsid env --default-signal=INT "$@" >"$scratch/output" 2>&1 &
  leader=$!
  for _ in $(seq 100); do
    pgrep -s "$leader" "$marker" >/dev/null && break
    sleep 0.1
  done
  kill -INT -- "-$leader"
  wait $leader
  code=$?
  [ $code = 130 ] || fail "Ctrl-C during $marker: expected exit code 130, got $code" "$(cat "$scratch/output")"
  sleep 0.1
  left=$(pgrep -a -r R,S,D -s "$leader")
  [ -z "$left" ] || fail "Ctrl-C during $marker leaves processes behind" "$left"
}
