#!/bin/bash
# shellcheck disable=SC2016,SC2317 # dollars that are meant literally; functions called through expect
# What happens before a command runs: the launcher builds the command line, unless that is not needed, and asks before it
# installs anything. In a workbook in miniature.
#   launcher_test.sh REPOSITORY COMMAND_LINE_PROGRAM
# shellcheck source=common/cli/tests/miniature.sh
. "$(dirname -- "$(readlink -f -- "$0")")/miniature.sh"

test_launcher() {
  write_stub 'return a + b;'
  rm -f cli_builds
  touch common/cli/main.cpp
  ./workbook next >/dev/null 2>&1 &
  ./workbook next >/dev/null 2>&1 &
  wait
  [ "$(wc -l <cli_builds)" = 1 ] || fail "two launchers build the command line once" "$(cat cli_builds)"
  reject 'building' ./workbook next
  touch common/cli/main.cpp cli_build_fails
  expect 70 'main.cpp:1:1: error: told to fail' ./workbook next
  rm cli_build_fails
  interrupt sleep ./workbook next
  expect 0 'Next' ./workbook next
  local moved="$scratch/moved workbook"
  cp -rp "$tree" "$moved"
  cd "$moved" || exit
  expect 0 'passed' ./workbook test 01
  cd "$tree" || exit
  expect 70 'expected to be empty or a build of' env WORKBOOK_BUILD_DIR="$tree/build" "$moved/workbook" list
}

# Neither help nor a mistake on the command line waits for a build: ninja and cmake only take notes here.
test_what_builds_nothing() {
  local bin="$scratch/taking notes" tool command
  mkdir -p "$bin"
  for tool in ninja cmake; do
    printf '#!/bin/bash\necho "%s $*" >>"%s/builds.log"\nexit 1\n' "$tool" "$scratch" >"$bin/$tool"
    chmod +x "$bin/$tool"
  done
  without_building() { # EXIT_CODE "regular expression" ARGUMENTS...
    local code=$1 pattern=$2
    shift 2
    expect "$code" "$pattern" env PATH="$bin:$PATH" ./workbook "$@"
    [ ! -e "$scratch/builds.log" ] || fail "./workbook $* builds something" "$(cat "$scratch/builds.log")"
    rm -f "$scratch/builds.log"
  }
  : >commands.log
  while read -r command; do
    without_building 0 "^Usage: ./workbook $command" "$command" --help
  done < <(sed -n 's/^    Command{"\([a-z]*\)".*/\1/p' "$repository/common/cli/command.h")
  for command in report compare loop grade; do without_building 0 '^Usage: ./workbook bench' bench "$command" --help; done
  without_building 2 'not expected: --nonsense; see `./workbook grade --help`' grade --nonsense
  without_building 2 'expected what was handed in and -o' grade
  without_building 2 'found no /nowhere' grade /nowhere -o results
  mkdir -p "$scratch/class"
  ln -sf /nowhere "$scratch/nowhere"
  without_building 2 'folder for the results, found .*commands.log, which is a file' grade "$scratch/class" -o commands.log
  without_building 2 'folder for the results, found .*commands.log, which is a file' grade "$scratch/class" -o commands.log/in/it
  without_building 2 'folder for the results, found .*nowhere, a link that leads nowhere' grade "$scratch/class" -o "$scratch/nowhere"
  [ -w /proc ] || # root may write anywhere
    without_building 2 'folder for the results, found /proc, which cannot be written to' grade "$scratch/class" -o /proc/results
  without_building 2 'folder for the results, .*File name too long' grade "$scratch/class" -o "$(printf 'x%.0s' {1..300})"
  without_building 2 'expected results outside of the submissions, found .*/class/results in .*/class' \
    grade "$scratch/class" -o "$scratch/class/results"
  without_building 2 'expected submissions outside of the results' grade "$scratch/class" -o "$scratch/"
  without_building 2 'folder for the made-up class, found .*commands.log, which is a file' grade --sample-class commands.log/c
  without_building 2 'expected a policy in policy.json, found no such file' grade "$scratch/class" -o results --policy policy.json
  without_building 2 'folder for the edition, found .*commands.log, which is a file' release commands.log/edition
  without_building 2 'folder for the zip, found .*commands.log, which is a file' bundle commands.log/autograder.zip
  without_building 2 'expected a zip to write, found .*class, which is a folder' bundle "$scratch/class"
  without_building 2 'out is required; see `./workbook release --help`' release
  without_building 2 'not expected: more' bundle out.zip more
  without_building 2 'not expected: --nonsense' bench --nonsense
  without_building 2 'num-runs.* not in range' bench --num-runs 0
  without_building 2 'File does not exist: /nowhere' bench report /nowhere
  without_building 2 'found --nonsense' bench loop --nonsense
  without_building 2 'Value x' bench grade --students x
  without_building 2 'found none at /nowhere' gpu keep /nowhere
  without_building 2 'compute capability .*found ninety' gpu pack --architecture ninety
  without_building 2 'limit of 1 or more' gpu run --limit 0
  without_building 2 'expected gpu pack, run or keep' gpu fly
}

# Only a command line that is right installs anything: in place of setup.sh stands a program that takes notes.
test_what_installs_nothing() {
  local words
  cp common/cli/setup.sh "$scratch/setup.kept"
  printf '#!/bin/bash\n[ "$1" = --missing ] || echo "$*" >>"%s/setup.log"\n' "$scratch" >common/cli/setup.sh
  for words in 'start --help' 'start -h' 'start --nonsense' 'start more' 'start --yes --nonsense' 'start --yes --help' \
    'selftest --help' 'selftest --nonsense' 'selftest --yes more' 'grade --help' 'grade -h' 'grade' 'grade --nonsense' \
    'grade /nowhere -o out' 'release --help' 'bundle --help' 'docs --help' 'docs --nonsense' 'debug --help' \
    'gpu --help' 'bench grade --help' 'help' '--help' '--nonsense'; do
    # shellcheck disable=SC2086 # several words
    ./workbook $words >/dev/null 2>&1 </dev/null
    [ ! -e "$scratch/setup.log" ] || fail "./workbook $words installs nothing" "$(cat "$scratch/setup.log")"
    rm -f "$scratch/setup.log"
  done
  expect 0 'Next' ./workbook start --yes
  [ "$(cat "$scratch/setup.log")" = '--yes learn' ] || fail "start sets up" "$(cat "$scratch/setup.log")"
  cp "$scratch/setup.kept" common/cli/setup.sh
}

# A machine without ninja, with an apt-get that only takes notes.
test_set_up() {
  local bin="$scratch/bin" tool
  mkdir -p "$bin"
  for tool in bash cat sed mktemp tail tee rm g++ cmake; do ln -sf "$(command -v $tool)" "$bin/$tool"; done
  printf '#!/bin/bash\necho 1000\n' >"$bin/id"
  printf '#!/bin/bash\necho "$@" >>"%s/apt.log"\n' "$scratch" >"$bin/apt-get"
  chmod +x "$bin/id" "$bin/apt-get"
  without_ninja() { PATH=$bin common/cli/setup.sh "$@"; }
  expect 1 'sudo apt-get update && sudo apt-get install .* ninja-build$' without_ninja learn
  expect 1 '^ninja-build$' without_ninja --missing learn
  printf '#!/bin/bash\necho 0\n' >"$bin/id"
  expect 1 'Nothing was installed, .* common/cli/setup.sh --yes learn$' without_ninja learn </dev/null
  [ ! -e "$scratch/apt.log" ] || fail "nothing is installed unasked" "$(cat "$scratch/apt.log")"
  expect 1 'Still not found after installing: ninja-build' without_ninja --yes learn
  [[ $(cat "$scratch/apt.log") == *" update"*"install --yes --no-install-recommends ninja-build" ]] ||
    fail "apt-get is called" "$(cat "$scratch/apt.log")"
  rm "$bin/apt-get"
  expect 1 'development container' without_ninja learn
  expect 2 'expected --yes' without_ninja --nonsense
  expect 0 'installed learn +g\+\+' ./workbook doctor
  expect 0 '(yes|no) +ONNX +ONNX Runtime' ./workbook doctor
}

make_tree
for part in launcher what_builds_nothing what_installs_nothing set_up; do
  echo "$part"
  "test_$part"
done
echo "$failures failures"
[ $failures = 0 ]
