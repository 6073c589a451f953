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
