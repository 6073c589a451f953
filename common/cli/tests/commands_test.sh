#!/bin/bash
# shellcheck disable=SC2016,SC2317 # backquotes that are meant literally; functions called through expect
# Drives every command as a student would, in a workbook in miniature whose path has a space.
#   commands_test.sh REPOSITORY COMMAND_LINE_PROGRAM
# shellcheck source=common/cli/tests/miniature.sh
. "$(dirname -- "$(readlink -f -- "$0")")/miniature.sh"

test_first_steps() {
  expect 0 'Next: lesson 01' ./workbook
  expect 0 'not started' ./workbook list
  expect 0 'judged: not started, 2 points to earn' ./workbook start --yes
  expect 0 'judged: not started' ./workbook start
  reject 'Building|Configuring' ./workbook start
  expect 10 '^01 adding: not started' ./workbook test
  expect 0 '"next": "01_adding"' ./workbook list --json
  expect 0 'edit +lessons/01_adding/adding.cpp' ./workbook next
  cd lessons || exit
  expect 0 'edit +01_adding/adding.cpp' ../workbook next
  cd "$tree" || exit
  ln -s "$tree/workbook" "$scratch/linked"
  expect 0 'Next: lesson 01' "$scratch/linked"
}

test_verdicts() {
  write_stub 'return a - b;'
  expect 1 '0 of 2 points' ./workbook test 1
  write_stub 'int unused; return b - b;'
  expect 1 'lessons/01_adding/adding.cpp:3: warning: unused' ./workbook test 1
  expect 0 ' wrong .*0/2' ./workbook
  write_stub 'return a + b;'
  expect 0 'edited since' ./workbook
  reject 'passed' ./workbook list
  expect 0 '2 of 2 points' ./workbook test adding
  expect 0 'passed .*2/2' ./workbook
  expect 0 '"verdict": "passed"' ./workbook test 01 --json
  expect 0 'Next: lesson 02' ./workbook next
  expect 0 'hidden: yes' ./workbook test 01 --hidden
  expect 2 'did you mean "two and three"' ./workbook test 01 --test 'two and thre'
  write_stub 'return *static_cast<volatile int*>(nullptr) + a + b;'
  expect 11 '^  lessons/01_adding/adding.cpp:3$' ./workbook test 01
  expect 11 'null pointer' ./workbook test 01
}

test_files_that_do_not_build() {
  write_stub 'return a + c;'
  expect 3 "lessons/01_adding/adding.cpp:3: error: 'c' was not declared" ./workbook test 01
  expect 0 'does not compile' ./workbook
  expect 3 'error: ' ./workbook test 01 --json
  printf '#include "adding.h"\n' >"$stub"
  expect 3 '^add is expected in lessons/01_adding/adding.cpp, found no definition' ./workbook test 01
  expect 3 'adding.h:9 declares it' ./workbook test 01
  write_stub 'int elsewhere(int); return elsewhere(a) + b;'
  expect 3 'calls .*elsewhere\(int\), but nothing defines it' ./workbook test 01
}

test_several_lessons() {
  write_stub 'return a + b;'
  expect 10 '^01_adding +passed +1 of  1 tests +2 of +2 points$' ./workbook test 1-2
  expect 10 '^02_adding_more +not started' ./workbook test all
  expect 2 'found no lesson in "05-09"' ./workbook test 05-09
  expect 2 'expected one lesson with --stream or --test' ./workbook test all --stream
  expect 10 '"lesson": "02_adding_more"' ./workbook test all --json
  ./workbook test all --json 2>/dev/null >"$scratch/all.json"
  python3 -m json.tool "$scratch/all.json" >/dev/null || fail "test all --json is one document" "$(cat "$scratch/all.json")"
  expect 0 ' passed .*2/2 +solved just now$' ./workbook
  write_stub 'return a - b;'
  expect 1 '^\{"event":"judged","kept":true,"problem":"","verdict":"wrong"\}$' ./workbook test 01 --stream
  expect 0 ' wrong .*0/2 +tried just now$' ./workbook
  reject 'solved' ./workbook
  write_stub 'return a + c;'
  expect 3 '"event":"judged",.*"problem":"lessons/01_adding/adding.cpp:3: error' ./workbook test 01 --stream
  write_stub 'return a + b;'
}

test_hints() {
  expect 0 'TODO\(1\) add · hint 1 of 3' ./workbook hint 01
  expect 0 'hint 2 of 3' ./workbook hint 01 1
  expect 0 'That was the last one' ./workbook hint 01
  expect 0 'These are all the hints' ./workbook hint 01
  expect 2 'expected a TODO of 01_adding \(1\), found 7' ./workbook hint 01 7
  echo nonsense >>lessons/02_adding_more/hints.md
  sed -i 's/^2\. /2 /' lessons/02_adding_more/hints.md
  expect 70 'lessons/02_adding_more/hints.md:.*expected' ./workbook hint 02
}

test_diff_and_reset() {
  write_stub 'return a * b;'
  expect 0 '^\+  return a \* b;' ./workbook diff 01
  expect 0 'kept in .workbook/backups/01_adding/.*-adding.cpp' ./workbook reset 01
  grep -q 'a \* b' .workbook/backups/01_adding/* || fail "reset keeps the student's file"
  expect 0 'as it was handed out' ./workbook diff 01
  expect 10 'not started' ./workbook test 01
  mv .workbook/pristine/02_adding_more "$scratch/away"
  ln -s /nowhere .workbook/pristine/02_adding_more
  expect 70 'as it was handed out in .*found none' ./workbook reset 02
  rm .workbook/pristine/02_adding_more
  mv "$scratch/away" .workbook/pristine/02_adding_more
}

# Where lessons are written, the copy follows the stub until the stub is begun.
test_authoring() {
  mkdir -p solutions/01_adding
  sed -i 's/TODO(1): add/TODO(1): add both/' "$stub"
  expect 0 'as it was handed out' ./workbook diff 01
  write_stub 'return a;'
  expect 0 '^-.*add both' ./workbook diff 01
  rm -r solutions
  ./workbook reset 01 --yes >/dev/null
}

test_bad_input() {
  expect 2 'did you mean `./workbook test`' ./workbook tset
  expect 2 'did you mean adding\?' ./workbook test adidng
  expect 2 'found 2 called "add"' ./workbook test add
  expect 2 'did you mean adding\?' ./workbook watch adidng
  expect 2 'not expected: 02' ./workbook watch 01 02
  expect 2 'did you mean adding\?' ./workbook study adidng
  expect 2 'expected a port from 0 to 65535, found 70000' ./workbook study 01 --port 70000
  expect 2 'see `./workbook test --help`' ./workbook test 01 --nonsense
  expect 2 'expected --impl mine, solution' ./workbook test 01 --impl yours
  expect 2 'lesson is required' ./workbook hint
  cp lessons/02_adding_more/lesson.json "$scratch/lesson.json"
  echo '{"title": "T",' >lessons/02_adding_more/lesson.json
  expect 0 'lessons/02_adding_more/lesson.json: expected valid JSON' ./workbook
  expect 70 'expected valid JSON, found an error at line 2' ./workbook test 02
  expect 10 'not started' ./workbook test 01
  cp "$scratch/lesson.json" lessons/02_adding_more/lesson.json
  echo '{"01_adding": {' >.workbook/progress.json
  expect 0 'could not be read; starting afresh, the old one is now .workbook/progress.json.damaged-' ./workbook
  echo '{"01_adding": {"verdict": 7}}' >.workbook/progress.json
  expect 0 'not started' ./workbook
  expect 2 'two digits and a name' ./workbook new kv_cache
  expect 2 'two digits and a name .*found "05_a;b"' ./workbook new '05_a;b'
  expect 2 'found "\[two and three\]"; did you mean "two and three"' ./workbook test 01 --test '[two and three]'
  expect 2 'found "two, and three"' ./workbook test 01 --test 'two, and three'
  expect 2 'found "\[x\]"' ./workbook verify '[x]'
  expect 2 'found "\[01\]"' ./workbook submit --lesson '[01]'
  expect 2 'snake_case' ./workbook mistake edit 01 'a;b'
  mkdir 'lessons/07_my lesson;'
  expect 0 'lessons/07_my lesson;: expected two digits and a name' ./workbook
  rmdir 'lessons/07_my lesson;'
  expect 2 'that are free, found lessons/01_adding' ./workbook new 01_other
  expect 70 'cannot write the output' bash -c './workbook list >/dev/full'
}

test_scaffold() {
  expect 0 'testcases/05_kv_cache/hidden/hidden_test.cpp' ./workbook new 05_kv_cache
  expect 2 'that are free' ./workbook new 05_kv_cache
  expect 0 '^- `twice`' cat solutions/05_kv_cache/compare.md
  local file flags=(-std=c++20 -fsyntax-only -Wall -Wextra -Werror -I"$repository" -Ilessons/05_kv_cache -I/usr/include/eigen3
    -DWORKBOOK_LESSON=kv_cache '-DWORKBOOK_LESSON_HEADER="kv_cache.h"')
  for file in lessons/05_kv_cache/kv_cache.cpp solutions/05_kv_cache/kv_cache.cpp testcases/05_kv_cache/basic_test.cpp; do
    expect 0 '^$' g++ "${flags[@]}" "$file"
  done
  rm -r lessons/05_kv_cache solutions testcases
}

test_colour() {
  local escape=$'\033'
  in_terminal() { script -qec "$1" /dev/null; }
  expect 0 "$escape" in_terminal './workbook list'
  reject "$escape" in_terminal 'NO_COLOR=1 ./workbook list'
  reject "$escape" in_terminal 'TERM=dumb ./workbook list'
  reject "$escape" ./workbook list
}

test_two_at_once() {
  for _ in 1 2 3 4; do
    ./workbook test 01 >/dev/null 2>&1 &
    ./workbook test 02 >/dev/null 2>&1 &
    ./workbook hint 01 >/dev/null 2>&1 &
  done
  wait
  expect 0 '0/2' ./workbook
  [ "$(grep -c '"not_started"' .workbook/progress.json)" -ge 2 ] || fail "two processes lost a result" "$(cat .workbook/progress.json)"
}

test_ctrl_c() {
  write_stub 'for (volatile int i = 0;; i = i + 1) {} return a + b;'
  cp .workbook/progress.json "$scratch/progress.json"
  interrupt worker ./workbook test 01
  cmp -s .workbook/progress.json "$scratch/progress.json" || fail "Ctrl-C changes the progress"
  sed -i '1i #include <regex>\nstd::regex slow_to_compile("a|b");' "$stub"
  interrupt cc1plus ./workbook test 01
  write_stub 'return a + b;'
  expect 0 'passed' ./workbook test 01
  [ -z "$(find . -name '*.tmp')" ] || fail "a draft is left behind" "$(find . -name '*.tmp')"
}

# Mounts of our own need a user namespace (or root).
in_own_mounts() { unshare --mount --map-root-user bash -c "$1" 2>&1; }

test_file_systems() {
  in_own_mounts true >/dev/null 2>&1 || { echo "skipped: no mounts of our own here" && return; }
  local read_only="mount --bind . . && mount -o remount,bind,ro . && cd '$tree'"
  expect 70 'Read-only file system: copy the workbook to a folder of your own, or set WORKBOOK_BUILD_DIR' \
    in_own_mounts "$read_only && ./workbook test 01"
  expect 0 'Next: lesson' in_own_mounts "$read_only && ./workbook"
  expect 70 'cannot write .*Read-only file system: .*, or write elsewhere with -o FILE' \
    in_own_mounts "$read_only && ./workbook submit --all"
  expect 0 'holds manifest.json' in_own_mounts "$read_only && ./workbook submit --all -o '$scratch/submission.zip'"
  mkdir -p "$scratch/elsewhere/bin"
  cp -p build/bin/* "$scratch/elsewhere/bin/"
  touch "$scratch/elsewhere/bin/workbook.stamp"
  expect 0 'Not remembered: .*Read-only' \
    in_own_mounts "$read_only && WORKBOOK_BUILD_DIR='$scratch/elsewhere' ./workbook test 01"
  expect 0 '2 of 2 points' in_own_mounts "$read_only && WORKBOOK_BUILD_DIR='$scratch/elsewhere' ./workbook test 01"
  mkdir -p "$scratch/small"
  local full="mount -t tmpfs -o size=64k none .workbook && head -c 100k /dev/zero >.workbook/filler; "
  expect 0 '2 of 2 points' in_own_mounts "$full ./workbook test 01"
  expect 0 'Not remembered: .*No space left on device' in_own_mounts "$full ./workbook test 01"
  write_stub 'return b + a;'
  full="cp -r build '$scratch/copy' && mount -t tmpfs -o size=40m none build && cp -r '$scratch/copy/'* build; \
    head -c 60m /dev/zero >build/filler; "
  expect 70 'the disk is full: ' in_own_mounts "$full ./workbook test 01"
  full+="for pages in {1..9}; do truncate -s -4k build/filler; touch lessons/01_adding/*.*; ./workbook test 01; done"
  reject 'write error' in_own_mounts "$full"
}

make_tree
for part in first_steps verdicts files_that_do_not_build several_lessons hints diff_and_reset authoring bad_input scaffold colour two_at_once ctrl_c \
  file_systems; do
  echo "$part"
  "test_$part"
done
echo "$failures failures"
[ $failures = 0 ]
