#!/bin/bash
# Grades a made-up class, kills the grader at random points, and compares with a run that nobody disturbed.
#   grade_test.sh REPOSITORY BUILD_FOLDER STUDENTS ROUNDS LESSON...
set -uo pipefail
export WORKBOOK_ROOT=$1 WORKBOOK_BUILD_DIR=$2 WORKBOOK_COMMAND=./workbook LC_ALL=C.UTF-8
students=$3 rounds=$4
shift 4
lessons=()
for lesson in "$@"; do lessons+=(--lesson "$lesson"); done
grading=$WORKBOOK_BUILD_DIR/bin/grading
checker=$WORKBOOK_BUILD_DIR/lessons/$1/checker
scratch=$(mktemp -d)
restore() { [ ! -e "$checker.kept" ] || mv "$checker.kept" "$checker"; }
trap 'restore; rm -rf "$scratch"' EXIT
cd "$scratch" || exit
# shellcheck source=common/cli/tests/expect.sh
. "$WORKBOOK_ROOT/common/cli/tests/expect.sh"

grade() { # OUT ARGUMENTS...
  local out=$1
  shift
  "$grading" grade class -o "$out" -j 2 "${lessons[@]}" "$@" 2>&1
}

# Everything but times is the same.
same_results() { diff -r --exclude=cache --exclude=timing.svg "$1" "$2"; }

# A run with the secret seed of the first, so that results can be compared.
new_run() {
  mkdir -p "$1/cache"
  cp reference/cache/seed "$1/cache/seed"
}

echo "a class from submissions to grades"
expect 0 "class of $students" "$grading" grade --sample-class class --students "$students" "${lessons[@]}"
expect 0 'is new|judged now' grade warm # builds what there is to build
rm -rf warm
begin=$SECONDS
expect 0 ', 0 from an earlier run' grade reference
seconds=$((SECONDS - begin + 1))
[ "$(wc -l <reference/grades.csv)" = $((students + 1)) ] || fail "a row for each student" "$(cat reference/grades.csv)"
[ "$(stat -c %a reference/cache/seed)" = 600 ] || fail "a seed that only its owner reads"
[ "$(stat -c %a reference reference/submissions | xargs)" = '700 700' ] || fail "results that only their owner reads"

echo "nothing is graded twice, whatever the policy says"
points=$(printf ', "%s": {"points": 100}' "$@")
echo "{\"lessons\": {${points#, }}}" >policy.json
cp -r reference policed # what changes is listed, and the reference is to list nothing
expect 0 ' 0 submitted lessons judged now' grade policed --policy policy.json
grep -q "^student_001,[0-9.]*,$(($# * 100))," policed/grades.csv || fail "points by the policy" "$(head -2 policed/grades.csv)"
grep -q ',the policy changed,' policed/changes.csv || fail "grades that the policy moved" "$(cat policed/changes.csv)"
expect 0 ' 0 submitted lessons judged now' grade reference

echo "only the lessons that were handed in are built, and count unless others are named"
mkdir bin copies
printf '#!/bin/bash\necho "$*" >>"%s/ninja.log"\nexec "%s" "$@"\n' "$scratch" "$(command -v ninja)" >bin/ninja
chmod +x bin/ninja
cp -r class/student_001 copies/ann
cp -r class/student_001 copies/bob
# shellcheck disable=SC2317 # expect calls it
few() { PATH=$scratch/bin:$PATH "$grading" grade copies "$@"; }
columns=$(IFS=, && echo "$*")
expect 0 'which are left out: .*02' few -o few
[[ $(head -1 few/grades.csv) == *",days_late,$columns,name,"* ]] || fail "the lessons handed in count" "$(cat few/grades.csv)"
echo '{"lessons": {"'"$1"'": {"points": 10}, "02": {"points": 5}}}' >named.json
expect 0 'which count as zero: 02' few -o few --policy named.json
grep -q '^ann,[0-9.]*,15,' few/grades.csv || fail "a lesson with points in the policy counts as zero" "$(cat few/grades.csv)"
echo '{"lessons": {"'"$1"'": {"points": 10}, "02": {"points": 10}}, "drop_lowest": 1}' >dropping.json
expect 2 '"drop_lowest" leaves out, which is 1; found 1: nothing would count' \
  few -o few --policy dropping.json --lesson "$1"
[ -s ninja.log ] || fail "the log of what is built"
! grep 02_ ninja.log || fail "nothing is built for a lesson that nobody handed in"

echo "only what an earlier run judged is counted as such"
expect 0 "^2 students, 1 lesson: 1 submitted lesson judged now, 1 equal to it, 0 from an earlier run" \
  few -o counted --lesson "$1"
expect 0 "0 submitted lessons judged now, 2 from an earlier run" few -o counted --lesson "$1"

echo "tables for Excel begin with a byte order mark, if asked for"
marks() { head -qc 3 counted/*.csv | od -An -tx1 | tr -d ' \n'; }
expect 0 '0 submitted lessons judged now' few -o counted --lesson "$1" --bom
[ "$(marks)" = efbbbfefbbbfefbbbfefbbbfefbbbf ] || fail "a mark in each of five tables" "$(marks)"
few -o counted --lesson "$1" >/dev/null
[[ $(marks) != *ef* ]] || fail "no mark unless it is asked for" "$(marks)"

echo "who agreed is measured, and nobody else; a wrong backend is said and not timed"
mkdir -p fast/ann fast/bob
cp "$WORKBOOK_ROOT/solutions/08_fused_vs_flash/fused_vs_flash.cpp" fast/bob
sed 's/std::exp(/1 + std::exp(/' fast/bob/fused_vs_flash.cpp >fast/ann/fused_vs_flash.cpp
board() { "$grading" grade fast -o measured --lesson 08 --policy board.json 2>&1; }
echo '{"leaderboard": {"students": ["ann", "bob"], "names": "numbered"}}' >board.json
expect 0 'Leaderboard: measured/leaderboard.html' board
for text in '<td class="text">Student 2</td>' '%, flash' 'WRONG, not timed'; do
  grep -qF "$text" measured/leaderboard.html || fail "$text on the leaderboard" "$(cat measured/leaderboard.html)"
done
! grep -qE 'ann|bob' measured/leaderboard.html || fail "numbers in place of names" "$(cat measured/leaderboard.html)"
echo '{"leaderboard": {"students": ["ann"]}}' >board.json
expect 0 'Leaderboard: measured/leaderboard.html' board
grep -qF '<td class="text">ann</td>' measured/leaderboard.html || fail "ann, who agreed" "$(cat measured/leaderboard.html)"
! grep -q 'bob' measured/leaderboard.html || fail "bob did not agree" "$(cat measured/leaderboard.html)"
echo '{}' >board.json
board >/dev/null
[ ! -e measured/leaderboard.html ] || fail "no leaderboard that nobody asks for"

echo "bad arguments"
expect 2 'expected what was handed in' "$grading" grade
echo '{"late_": 1}' >wrong.json
expect 2 'wrong.json: expected one of .*found "late_"; did you mean late' "$grading" grade class -o bad --policy wrong.json
expect 2 'expected results outside of the submissions, found .*/class/results in .*/class' grade class/results
expect 2 'expected submissions outside of the results' "$grading" grade reference/submissions -o reference
[ ! -e class/results ] || fail "nothing is made in the class"
mkdir other && touch other/thesis.tex
expect 2 'expected other to be new, empty or results' grade other

echo "a checker that fails is the grader's fault, never a student's zero"
new_run faulty
mv "$checker" "$checker.kept"
printf '#!/bin/bash\n[[ $* != *--list* ]] || exec "%s.kept" --list\necho no verdict today; exit 9\n' "$checker" >"$checker"
chmod +x "$checker"
output=$(grade faulty)
[ $? = 70 ] || fail "exit code 70 when the checker fails" "$output"
for text in 'trying again' 'could not be graded, which is no fault of the students' 'exit code 9: no verdict today'; do
  grep -qF "$text" <<<"$output" || fail "$text" "$output"
done
grep -q '^student_001,,' faulty/grades.csv || fail "no score where there was a fault" "$(cat faulty/grades.csv)"
grep -q 'no total yet: the grader itself failed' faulty/students/student_001/feedback.md || fail "students read who failed"
restore
grade faulty >/dev/null || fail "going on after a fault"
output=$(same_results reference faulty) || fail "the same results after a fault" "$output"

echo "Ctrl-C while submissions are run"
new_run interrupted
mkfifo lines
"$grading" grade class -o interrupted -j 2 "${lessons[@]}" >lines 2>&1 </dev/null &
grader=$!
while IFS= read -r line; do
  echo "$line"
  [[ $line != "[1/"* ]] || kill -INT $grader
done <lines >interrupt.log
wait $grader
[ $? = 130 ] || fail "exit code 130 on Ctrl-C" "$(cat interrupt.log)"
grade interrupted >/dev/null || fail "going on after Ctrl-C"
output=$(same_results reference interrupted) || fail "the same results after Ctrl-C" "$output"

echo "kill -9 at random points, $rounds rounds over $seconds s"
for ((round = 1; round <= rounds; ++round)); do
  new_run killed
  for ((kill = 0; kill < 3; ++kill)); do
    moment=$((RANDOM * seconds * 1000 / 32768))
    timeout --foreground -s KILL "$((moment / 1000)).$(printf %03d $((moment % 1000)))" \
      "$grading" grade class -o killed -j 2 "${lessons[@]}" >/dev/null 2>&1 </dev/null
  done
  grade killed >killed.log || fail "going on after a kill" "$(cat killed.log)"
  output=$(same_results reference killed) || fail "round $round: the same results" "$output"
  rm -rf killed
done

[ $failures = 0 ] && echo "all as expected"
exit $((failures > 0))
