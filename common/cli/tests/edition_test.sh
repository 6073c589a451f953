#!/bin/bash
# shellcheck disable=SC2016,SC2317 # backquotes that are meant literally; functions called through expect
# submit and update in a student edition in miniature.
#   edition_test.sh REPOSITORY COMMAND_LINE_PROGRAM
set -uo pipefail
program=$2
here=$(dirname -- "$(readlink -f -- "$0")")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TERM=dumb LC_ALL=C.UTF-8 WORKBOOK_COMMAND=./workbook
unset WORKBOOK_ROOT WORKBOOK_BUILD_DIR

# shellcheck source=common/cli/tests/expect.sh
. "$here/expect.sh"
workbook() { "$program" "$@"; }
without_programs() { PATH=/nowhere "$program" "$@"; }

holds() { # FILE "regular expression"
  grep -qE -- "$2" "$1" || fail "expected /$2/ in $1" "$(cat "$1" 2>&1)"
}

# Lists every file of an edition, as `release` does.
list_files() { # FOLDER
  (
    cd "$1" || exit
    printf '{"format": 1, "id": "%s", "lessons": ["01_adding"], "files": {' "$(basename "$1")"
    find . -type f ! -name .edition.json -printf '%P\n' | sort | while read -r file; do
      printf '%s"%s": "%s"' "${comma-}" "$file" "$(sha256sum <"$file" | cut -d' ' -f1)"
      comma=,
    done
    echo '}}'
  ) >"$scratch/list"
  mv "$scratch/list" "$1/.edition.json"
}

make_edition() { # NAME
  local edition="$scratch/$1"
  cp -r "$here/tree" "$edition"
  mkdir -p "$edition/testcases/01_adding" "$edition/.workbook/pristine/01_adding" "$edition/docs"
  echo "// the tests of $1" >"$edition/testcases/01_adding/basic_test.cpp"
  echo "text of $1" >"$edition/docs/glossary.md"
  cp "$edition/lessons/01_adding/adding.cpp" "$edition/.workbook/pristine/01_adding/"
  list_files "$edition"
}

test_submit() {
  make_edition old && cd "$scratch/old" || exit
  expect 2 'expected a lesson that was begun, found none' workbook submit
  echo '// mine' >>lessons/01_adding/adding.cpp
  touch -d 2026-03-01T12:00:00Z lessons/01_adding/adding.cpp
  expect 0 'lessons/01_adding/adding.cpp +edited since it was judged; `./workbook test 01`' workbook submit
  (mkdir "$scratch/in" && cd "$scratch/in" && cmake -E tar xf "$scratch/old/submission.zip")
  cmp -s "$scratch/in/lessons/01_adding/adding.cpp" lessons/01_adding/adding.cpp || fail "submit packs the file as it is"
  [ "$(cd "$scratch/in" && find . -type f | wc -l)" = 2 ] || fail "submit packs nothing else" "$(find "$scratch/in")"
  holds "$scratch/in/manifest.json" "\"sha256\": \"$(sha256sum <lessons/01_adding/adding.cpp | cut -d' ' -f1)\""
  holds "$scratch/in/manifest.json" '"edition": "old"'
  holds "$scratch/in/manifest.json" '"edited_at": "2026-03-01T12:00:00Z"'
  rm submission.zip
  TZ=Asia/Tokyo expect 0 'Not everything passes' workbook submit
  (mkdir "$scratch/again" && cd "$scratch/again" && cmake -E tar xf "$scratch/old/submission.zip")
  diff -r "$scratch/in" "$scratch/again" || fail "the same files give the same manifest, wherever and whenever"
  touch -d 2099-03-01T12:00:00Z lessons/01_adding/adding.cpp
  expect 0 'adding.cpp' workbook submit -o "$scratch/future.zip"
  (mkdir "$scratch/future" && cd "$scratch/future" && cmake -E tar xf "$scratch/future.zip")
  if grep -q 2099 "$scratch/future/manifest.json"; then fail "work is handed in before it is written"; fi
  expect 0 'elsewhere.zip holds' workbook submit -o "$scratch/elsewhere.zip"
  expect 0 'adding.cpp' workbook submit --lesson 01 --all
  expect 2 'expected a file to write, found the folder' workbook submit -o "$scratch"
  echo '#pragma GCC optimize("O3")' >> lessons/01_adding/adding.cpp
  expect 0 'Grading refuses .*adding.cpp, line [0-9]+: `#pragma GCC optimize`' workbook submit
  cp submission.zip "$scratch/before.zip"
  expect 70 'cannot run cmake' without_programs submit
  cmp submission.zip "$scratch/before.zip" || fail "a submit that fails leaves the last one"
  [ -z "$(find . -name '*.tmp')" ] || fail "submit leaves a draft" "$(find . -name '*.tmp')"
}

test_instructors_commands() {
  local command
  for command in verify new figures release selftest; do
    expect 2 "^workbook: \`$command\` needs the instructor's workbook; this is a student edition$" workbook $command 01
  done
  if "$program" --help | grep -qE '^ *(verify|release|selftest)'; then fail "help names instructors' commands"; fi
}

test_update() {
  cd "$scratch/old" || exit
  make_edition new
  echo "new: also with TODO(2)" >>"$scratch/new/lessons/01_adding/adding.cpp"
  cp "$scratch/new/lessons/01_adding/adding.cpp" "$scratch/new/.workbook/pristine/01_adding/"
  mkdir "$scratch/new/docs/figures" && echo svg >"$scratch/new/docs/figures/new.svg"
  rm "$scratch/new/docs/glossary.md" && echo other >"$scratch/new/docs/other.md"
  list_files "$scratch/new"
  echo '{"01_adding": {"hash": "x", "verdict": "passed", "points": 2, "max_points": 2, "functions": {}}}' >.workbook/progress.json
  echo '// my own test' >>testcases/01_adding/basic_test.cpp
  echo mine >docs/mine.md
  cp -r "$scratch/old" "$scratch/copy"
  cp lessons/01_adding/adding.cpp "$scratch/work.cpp"

  expect 0 'see it with ./workbook diff 01' workbook update "$scratch/new"
  cmp lessons/01_adding/adding.cpp "$scratch/work.cpp" || fail "update touches the student's work"
  holds testcases/01_adding/basic_test.cpp 'the tests of new'
  holds "$(find .workbook/backups -name basic_test.cpp)" 'my own test'
  holds .workbook/pristine/01_adding/adding.cpp 'also with TODO'
  holds docs/figures/new.svg svg
  holds docs/mine.md mine
  holds .edition.json '"id": "new"'
  holds .workbook/progress.json '"hash": ""'
  [ ! -e docs/glossary.md ] || fail "update removes what the newer edition lacks"
  [ ! -e .workbook/update ] || fail "update leaves its drafts"
  expect 0 'Nothing has changed' workbook update "$scratch/new"
  expect 0 '^\+// mine' workbook diff 01
}

# Stopped at any file, a second run ends where an uninterrupted one does.
test_interrupted_update() {
  local file
  cmp "$scratch/copy/lessons/01_adding/adding.cpp" "$scratch/work.cpp" || fail "the copy is not as before"
  for file in docs/figures/new.svg docs/other.md; do
    rm -rf "$scratch/stopped" && cp -r "$scratch/copy" "$scratch/stopped" && cd "$scratch/stopped" || exit
    mkdir -p "$file/in the way"
    expect 70 'the update is not complete: .* Run it again' workbook update "$scratch/new"
    rm -r "$file"
    expect 0 'interrupted is complete now' workbook update
    diff -r -x backups -x update.lock "$scratch/old" "$scratch/stopped" || fail "stopped at $file: another result"
  done
}

test_bad_updates() {
  cd "$scratch/old" || exit
  expect 2 'expected an edition, found no /nowhere' workbook update /nowhere
  expect 2 'expected a student edition, found no .edition.json' workbook update "$here"
  echo damaged >>"$scratch/new/docs/other.md"
  expect 70 'expected a whole edition .* found docs/other.md damaged or missing' workbook update "$scratch/new"
  rm "$scratch/new/docs/other.md"
  expect 70 'expected a whole edition' workbook update "$scratch/new"
  echo nonsense >"$scratch/text.zip"
  expect 70 'expected a folder or a zip' workbook update "$scratch/text.zip"
  echo '{' >"$scratch/new/.edition.json"
  expect 70 'expected what `release` writes' workbook update "$scratch/new"
}

test_update_from_zip() {
  make_edition newest
  cp -r "$scratch/old" "$scratch/other line ends"
  echo newest >"$scratch/newest/docs/other.md"
  list_files "$scratch/newest"
  (cd "$scratch" && cmake -E tar cf newest.zip --format=zip newest)
  cd "$scratch/old" || exit
  expect 0 'docs/other.md' workbook update "$scratch/newest.zip"
  holds docs/other.md newest

  # Files that git gave other line ends were not edited.
  cd "$scratch/other line ends" || exit
  sed -i 's/$/\r/' testcases/01_adding/basic_test.cpp CMakeLists.txt lessons/01_adding/adding.h
  cp .workbook/pristine/01_adding/adding.cpp lessons/01_adding/
  sed -i 's/$/\r/' lessons/01_adding/adding.cpp
  expect 0 '^  testcases/01_adding/basic_test.cpp$' workbook update "$scratch/newest"
  holds testcases/01_adding/basic_test.cpp 'the tests of newest$'
  [ -z "$(find .workbook -path '*/update-*' -name basic_test.cpp -newer "$scratch/newest.zip")" ] ||
    fail "other line ends are taken for an edit"
  expect 0 'as it was handed out' workbook diff 01
}

for part in submit instructors_commands update interrupted_update bad_updates update_from_zip; do
  echo "$part"
  "test_$part"
done
echo "$failures failures"
[ $failures = 0 ]
