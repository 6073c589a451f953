#!/bin/bash
# Writes, saves and rebases mistakes as a contributor would, in a workbook in miniature.
#   mistakes_test.sh REPOSITORY COMMAND_LINE_PROGRAM MISTAKE_APPLY
# shellcheck source=common/cli/tests/miniature.sh
. "$(dirname -- "$(readlink -f -- "$0")")/miniature.sh"
apply=$3
diff=solutions/01_adding/mistakes/subtracts.diff
copy=.workbook/mistakes/01_adding/subtracts/adding.cpp
solution=solutions/01_adding/adding.cpp

# The miniature with a solution, and a checker of two tests: a plugin tells which of them fail.
make_instructors_tree() {
  make_tree
  mkdir -p solutions/01_adding/mistakes
  printf '%s\n' '#include "adding.h"' '' 'namespace {' 'int zero() { return 0; }' '}  // namespace' '' \
    'int workbook::adding::add(int a, int b) {' '  const int sum = a + b;' '  return sum + zero();' '}' >$solution
  cat >glue.cpp <<'CPP'
#include HEADER
extern "C" int judge() { return (workbook::LESSON::add(2, 3) != 5) + 2 * (workbook::LESSON::add(0, 0) != 0); }
CPP
  cat >checker.sh <<'SH'
#!/bin/bash
while [ $# -gt 0 ]; do
  case $1 in
    --plugin) plugin=$2 ;;
    --worker) worker=$2 ;;
    --report) report=$2 ;;
  esac
  shift
done
"$worker" "$plugin"
failed=$?
verdicts=(passed wrong)
two=${verdicts[failed % 2]} zero=${verdicts[failed / 2]}
cat >>"$report" <<JSON
{"event":"run","tests":2}
{"event":"test","id":"two-and-three","name":"two and three","group":"basic","function":"add","verdict":"$two","points":0,"max_points":2,"message":"expected 5\nLikely: b is taken away. It is added","output":""}
{"event":"test","id":"zero-and-zero","name":"zero and zero","group":"advanced","function":"add","verdict":"$zero","points":0,"max_points":1,"message":"expected 0","output":""}
{"event":"end","verdict":"${verdicts[failed > 0]}","passed":0,"total":2,"points":0,"max_points":3}
JSON
SH
  cat >>CMakeLists.txt <<CMAKE
file(GLOB mistakes CONFIGURE_DEPENDS solutions/01_adding/mistakes/*.diff)
foreach(mistake \${mistakes})
  cmake_path(GET mistake STEM stem)
  set(folder \${CMAKE_BINARY_DIR}/lessons/01_adding/mistakes/\${stem})
  set(source \${folder}/adding.cpp)
  add_custom_command(OUTPUT \${source} COMMAND "$apply" \${mistake} \${folder} \${CMAKE_SOURCE_DIR}/$solution
    DEPENDS \${mistake} $solution)
  add_library(01_adding.mistake.\${stem} MODULE \${source} glue.cpp)
  target_include_directories(01_adding.mistake.\${stem} PRIVATE lessons/01_adding)
  target_compile_definitions(01_adding.mistake.\${stem} PRIVATE LESSON=adding HEADER="lessons/01_adding/adding.h")
  set_target_properties(01_adding.mistake.\${stem} PROPERTIES CXX_STANDARD 20 PREFIX "" OUTPUT_NAME \${stem}
    LIBRARY_OUTPUT_DIRECTORY \${CMAKE_BINARY_DIR}/lessons/01_adding/mistakes)
endforeach()
set(hunt \${CMAKE_SOURCE_DIR}/.workbook/hunts/01_adding/adding.cpp)
if(EXISTS \${hunt})
  add_library(01_adding.hunt MODULE \${hunt} glue.cpp)
  target_include_directories(01_adding.hunt PRIVATE lessons/01_adding)
  target_compile_definitions(01_adding.hunt PRIVATE LESSON=adding HEADER="lessons/01_adding/adding.h")
  set_target_properties(01_adding.hunt PROPERTIES CXX_STANDARD 20 PREFIX "" OUTPUT_NAME hunt
    LIBRARY_OUTPUT_DIRECTORY \${CMAKE_BINARY_DIR}/lessons/01_adding)
endif()
CMAKE
  git init -q . && git add solutions && commit "Add a solution"
}

commit() { git -c user.name=N -c user.email=n@example.org commit -qam "$1"; }

edit() { # SED_SCRIPT: in a fresh copy of the mistake
  rm -f $copy
  expect 0 'mistake save 01 subtracts' ./workbook mistake edit 01 subtracts
  sed -i "$1" $copy
}

test_bad_calls() {
  expect 2 'expected edit, save or rebase, found "fly"' ./workbook mistake fly 01
  expect 2 'expected the name of a mistake, found none' ./workbook mistake edit 01
  expect 2 'snake_case .*found "../up"' ./workbook mistake edit 01 ../up
  expect 2 'expected no name, found "subtracts"' ./workbook mistake rebase 01 subtracts
  expect 2 'found it with save' ./workbook mistake save 01 subtracts --file adding.cpp
  expect 2 'begin with: ./workbook mistake edit 01 subtracts' ./workbook mistake save 01 subtracts
  expect 70 'expected solutions/02_adding_more' ./workbook mistake edit 02 subtracts
}

test_bad_names() {
  printf 'Mistake: none.\n' >"solutions/01_adding/mistakes/it's, odd.diff"
  expect 1 'expected a name in snake_case' ./workbook mistake rebase 01
  rm solutions/01_adding/mistakes/*
}

test_new_mistake() {
  edit ''
  expect 70 'subtracts/adding.cpp:1: expected "// Mistake: ...", a sentence' ./workbook mistake save 01 subtracts
  edit '1s/$/takes b away./'
  expect 70 'expected a change of the solution, found none' ./workbook mistake save 01 subtracts
  edit '1s/$/takes b away./; s/a + b/a - c/'
  expect 3 "error: 'c' was not declared" ./workbook mistake save 01 subtracts
  [ ! -e $diff ] || fail "a mistake that does not compile is not kept" "$(cat $diff)"
  edit '1s/$/takes b away./; s/a + b/a - b/; s/return 0/return 1/'
  expect 1 'passes no public test' ./workbook mistake save 01 subtracts
  edit 's/return 1/return 0/'
  expect 0 'caught as its header says' ./workbook mistake save 01 subtracts
  [ ! -e .workbook/mistakes/01_adding/subtracts ] || fail "the copy goes when the mistake is saved"
  cmp $diff - <<'DIFF' || fail "the diff is the smallest" "$(cat $diff)"
Mistake: takes b away.
Caught by: "two and three"  [basic]
Told as: "b is taken away"
--- a/adding.cpp
+++ b/adding.cpp
@@ -7,3 +7,3 @@ int zero() { return 0; }
 int workbook::adding::add(int a, int b) {
-  const int sum = a + b;
+  const int sum = a - b;
   return sum + zero();
DIFF
  ./workbook mistake edit 01 again >/dev/null
  sed -i '1s/$/again./; s/a + b/a - b/' .workbook/mistakes/01_adding/again/adding.cpp
  expect 70 'expected a new mistake, found the one in .*subtracts.diff' ./workbook mistake save 01 again
  edit 's/basic/advanced/'
  expect 1 '"two and three" is in \[basic\]' ./workbook mistake save 01 subtracts
  edit 's/advanced/basic/; s/is taken/was taken/'
  expect 1 'not told "b was taken away" but' ./workbook mistake save 01 subtracts
  edit 's/was taken/is taken/'
  expect 0 'caught as its header says' ./workbook mistake save 01 subtracts
  git add solutions && commit "Add a mistake"
}

# Whoever has passed is shown the model solution, and is given its mistakes to repair.
test_after_passing() {
  local found=.workbook/hunts/01_adding/adding.cpp
  expect 2 'expected lesson 01 to have passed, found not started.*./workbook hint 01' ./workbook solution 01
  expect 2 'expected lesson 01 to have passed, found not started' ./workbook hunt 01
  expect 2 'expected a lesson that has passed, with a bug to hunt, found none' ./workbook hunt
  expect 2 'expected mistakes of lesson 02, found none' ./workbook hunt 02
  expect 2 'expected .*02_adding_more/adding_more.cpp, found none' ./workbook solution 02
  expect 2 'expected a bug hunt that has begun, found none' ./workbook test 01 --impl hunt
  expect 0 '^\+  const int sum = a \+ b;' ./workbook solution 01 --anyway
  printf '#include "adding.h"\nint workbook::adding::add(int a, int b) { return b + a; }\n' >"$stub"
  expect 0 'passed' ./workbook test 01
  printf -- '- zero is\n' >solutions/01_adding/compare.md
  expect 0 '^- zero is' ./workbook solution 01

  expect 1 "repair +$found" ./workbook hunt
  expect 0 '^  const int sum = a - b;' cat $found
  expect 1 '✗ two and three   wrong' ./workbook hunt 01
  expect 1 'stuck +./workbook hunt 01 --hint' ./workbook hunt
  reject 'is taken away' ./workbook hunt
  expect 1 'Likely: b is taken away' ./workbook hunt 01 --hint
  sed -i 's/a - b/a - c/' $found
  expect 3 "hunts/01_adding/adding.cpp:8: error: 'c' was not declared" ./workbook hunt
  sed -i 's/a - c/b + a/' $found
  expect 0 'The bug was: takes b away' ./workbook hunt
  expect 2 'every bug of lesson 01 was found' ./workbook hunt 01
  expect 0 'solved just now · 1 bug repaired' ./workbook
  rm .workbook/hunts.json
  expect 2 'expected a hunt that has begun in lesson 01, found none' ./workbook hunt 01 --reveal
  expect 1 'repair' ./workbook hunt 01
  expect 0 '^-  const int sum = a - b;' ./workbook hunt --reveal
  expect 2 'found or revealed' ./workbook hunt 01
  echo '{"01_adding": 3}' >.workbook/hunts.json
  expect 1 'repair' ./workbook hunt 01
  ./workbook reset 01 --yes >/dev/null
}

test_changed_solution() {
  cp $diff "$scratch/before.diff"
  sed -i '1i // Adds.\n' $solution
  expect 0 '^0 mistakes fit as they are, 1 was rewritten, 0 need a hand' ./workbook mistake rebase 01
  sed 's/-7,3 +7,3/-9,3 +9,3/' "$scratch/before.diff" | cmp - $diff || fail "only the place has changed" "$(cat $diff)"
  sed -i 's/return sum + zero/return zero() + sum; \/\/ /' $solution
  expect 70 'expected the lines of hunk .*nowhere' ./workbook mistake edit 01 subtracts
  expect 0 '^0 mistakes fit as they are, 1 was rewritten' ./workbook mistake rebase 01
  grep -q '^   return zero() + sum;' $diff || fail "the context is that of the new solution" "$(cat $diff)"
  expect 0 '^1 mistake fits as it is, 0 were rewritten' ./workbook mistake rebase 01
  commit "Change what is around the mistake"
  sed -i 's/const int sum = a + b/const int sum = b + a/' $solution
  expect 1 'the solution has changed where the mistake is' ./workbook mistake rebase 01
  grep -q '^<<<<<<<' $copy || fail "the copy shows the conflict" "$(cat $copy)"
  expect 70 'expected a merged source, found <<<' ./workbook mistake save 01 subtracts
  git checkout -q $solution && rm $copy
  sed -i 's/a + b/a - b/' $solution
  expect 1 'makes no difference to the solution any more' ./workbook mistake rebase 01
  printf 'nothing\n' >$solution
  git rm -q --cached $solution && rm -rf .git
  expect 1 'fits no version of the solution that git knows' ./workbook mistake rebase 01
}

make_instructors_tree
for part in bad_names bad_calls new_mistake after_passing changed_solution; do
  echo "$part"
  "test_$part"
done
echo "$failures failures"
[ $failures = 0 ]
