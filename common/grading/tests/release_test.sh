#!/bin/bash
# shellcheck disable=SC2016 # backquotes that are meant literally
# Releases editions of this workbook, tries one, and updates it.
#   release_test.sh REPOSITORY BUILD_FOLDER
set -uo pipefail
repository=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch/tmp WORKBOOK_BUILD_DIR=$2 LC_ALL=C.UTF-8
unset WORKBOOK_ROOT WORKBOOK_COMMAND SOURCE_DATE_EPOCH
mkdir "$TMPDIR"
cd "$scratch" || exit

# shellcheck source=common/cli/tests/expect.sh
. "$repository/common/cli/tests/expect.sh"
workbook() { "$repository/workbook" "$@"; }

nothing_left() {
  local left
  left=$(find "$scratch" -name '*.tmp' -o -path "$TMPDIR/*")
  [ -z "$left" ] || fail "$1 leaves drafts" "$left"
}

echo "the whole workbook, searched and packed, twice the same"
expect 0 'whole.zip is ready' workbook release whole --zip --no-trial
usual=$(umask)
umask 077
TZ=Asia/Tokyo expect 0 'is ready' workbook release elsewhere/whole.zip --zip --no-trial
umask "$usual"
cmp whole.zip elsewhere/whole.zip || fail "the same bytes whoever makes it"
cmake -E tar tf whole.zip >list
grep -qE '^whole/\.workbook/pristine/01_stable_softmax/stable_softmax.cpp$' list || fail "pristine stubs are in it" "$(cat list)"
if grep -E 'solutions/|hidden/|mistakes/|common/grading|figure\.cpp|\.git/|/tests/|instructor_guide' list; then fail "what is not for students"; fi

echo "bad calls"
expect 2 'found whole.zip there already|found .*/whole.zip there already' workbook release whole.zip --zip
expect 2 'expected a place outside' workbook release "$repository/edition"
expect 2 'expected lessons like' workbook release new --lessons one
expect 2 'expected a lesson with the number 02' workbook release new --lessons 01 --solutions 02
expect 2 'expected a lesson with the number 99' workbook release new --lessons 99
[ ! -e new ] || fail "a release that fails leaves nothing"

echo "one lesson, tried alone"
expect 0 '^book is ready' workbook release book --lessons 1
expect 2 '`update` brings it up to date' workbook release book
nothing_left release

echo "a released solution"
expect 0 'nothing in it is the instructor.s but what --solutions 1 names' workbook release solved --lessons 1 --solutions 1 --no-trial
[ -f solved/solutions/01_stable_softmax/stable_softmax.cpp ] || fail "a solution that is released goes along"
if grep -rlF '[hidden]' solved/solutions; then fail "mistakes that hidden tests catch stay behind"; fi
[ ! -e solved/solutions/01_stable_softmax/figure.cpp ] || fail "the figure's program stays behind"

echo "Ctrl-C"
setsid env --default-signal=INT "$repository/workbook" release stopped --lessons 1 >log 2>&1 &
leader=$!
for _ in $(seq 200); do
  grep -q 'building its command line' log && break
  sleep 0.1
done
kill -INT -- "-$leader"
wait $leader
[ $? = 130 ] || fail "Ctrl-C ends with 130" "$(cat log)"
[ ! -e stopped ] || fail "Ctrl-C leaves an edition"
nothing_left "Ctrl-C"

echo "updated from the instructor's workbook"
echo '// mine' >>book/lessons/01_stable_softmax/stable_softmax.cpp
cp book/lessons/01_stable_softmax/stable_softmax.cpp mine.cpp
sed -i '1i // an older test' book/testcases/01_stable_softmax/basic_test.cpp
sed -i "s|\"testcases/01_stable_softmax/basic_test.cpp\": \"[0-9a-f]*\"|\"testcases/01_stable_softmax/basic_test.cpp\": \"$(sha256sum <book/testcases/01_stable_softmax/basic_test.cpp | cut -d' ' -f1)\"|" book/.edition.json
expect 0 'testcases/01_stable_softmax/basic_test.cpp' workbook update book
cmp mine.cpp book/lessons/01_stable_softmax/stable_softmax.cpp || fail "update leaves the student's work"
cmp "$repository/testcases/01_stable_softmax/basic_test.cpp" book/testcases/01_stable_softmax/basic_test.cpp || fail "update brings the test"
expect 0 'Nothing has changed' workbook update book

echo "$failures failures"
[ $failures = 0 ]
