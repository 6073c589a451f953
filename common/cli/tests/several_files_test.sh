#!/bin/bash
# Lessons of two files, one in C++ and one in CUDA, in a workbook that has no other lesson but everything else: judged,
# verified, with mistakes in either file. Its build folder stays, for libraries take minutes to compile.
#   several_files_test.sh REPOSITORY COMMAND_LINE_PROGRAM GRADING_PROGRAM FOLDER
# shellcheck source=common/cli/tests/expect.sh
. "$(dirname -- "$(readlink -f -- "$0")")/expect.sh"
set -uo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
repository=$1 program=$2 grading=$3 tree=$4
export WORKBOOK_ROOT=$tree WORKBOOK_BUILD_DIR=$tree/build LC_ALL=C.UTF-8
mkdir -p "$tree" && cd "$tree" || exit
rm -rf lessons solutions testcases .workbook class made results
for part in CMakeLists.txt CMakePresets.json common; do ln -sfn "$repository/$part" $part; done

workbook() { "$program" "$@"; }

# make_lesson NN_name FILE PARAMETERS CALL STUB SOLUTION: twice(PARAMETERS) of the first file is a CALL of doubled(), which
# FILE holds.
make_lesson() {
  local id=$1 name=${1#*_} file=$2 main folder
  main=$(basename "$(ls lessons/"$id/$name".c*)")
  sed -i "s/\"files\": .*/\"files\": [\"$main\", \"$file\"],/" "lessons/$id/lesson.json"
  for folder in lessons solutions; do
    printf '#include "%s.h"\n#include "%s"\n\nusing namespace workbook;\n\n%s { %s }\n' "$name" "$file" "$3" "$4" >"$folder/$id/$main"
  done
  printf '%s\n' "$5" >"lessons/$id/$file"
  printf '%s\n' "$6" >"solutions/$id/$file"
}

mistake() { # NN_name NAME FILE SED_SCRIPT
  expect 0 "\.workbook/mistakes/$1/$2/$3 is the solution, for a new mistake" workbook mistake edit "$1" "$2" --file "$3"
  sed -i "1s/\$/does it ($2)./; $4" ".workbook/mistakes/$1/$2/$3"
  expect 0 'caught as its header says' workbook mistake save "$1" "$2"
  grep -q "^--- a/$3\$" "solutions/$1/mistakes/$2.diff" || fail "the diff names $3" "$(cat "solutions/$1/mistakes/$2.diff")"
}

judge_lesson() { # NN_name MAIN FILE SED_SCRIPT_FOR_MAIN
  expect 0 'passed · 2 of 2' workbook test "$1" --impl solution
  expect 10 "edit +lessons/$1/$3" workbook test "$1"
  expect 2 "expected --file to name a file of lesson ${1%%_*} \($2, $3\), found \"x.h\"" workbook mistake edit "$1" new --file x.h
  rm -f "solutions/$1/mistakes/"*
  mistake "$1" in_the_first "$2" "$4"
  mistake "$1" in_the_second "$3" 's/x + x/x + (x < 0 ? -x : x)/'
  expect 0 'with the mistake in it' workbook mistake edit "$1" in_the_second
  rm -r .workbook/mistakes
  expect 2 "in_the_second changes $3, expected no other --file, found $2" workbook mistake edit "$1" in_the_second --file "$2"
  expect 1 'mistakes 2 of 2 caught' workbook verify "$1"
  reject 'the stub has TODOs' workbook verify "$1"
  sed -i '1i // Changed.' "solutions/$1/$3"
  expect 0 '^1 mistake fits as it is, 1 was rewritten' workbook mistake rebase "$1"
  expect 1 'mistakes 2 of 2 caught' workbook verify "$1"
  sed -i 's/x + x/x + 1/' "solutions/$1/$3" # a mistake in the other file is made anew
  expect 1 '0 of 2 points' workbook test "$1" --impl mistakes/in_the_first
  sed -i 's/x + 1/x + x/' "solutions/$1/$3"
}

write_second() { # NN_name FILE STATEMENTS: the student's second file, with these in its fourth line
  sed -i "4s/.*/  $3/; 5d" "lessons/$1/$2"
}

judge_student() { # NN_name MAIN FILE
  sed -i '1i // Halves.' "lessons/$1/$2" # nothing is begun, so this is how it is handed out
  expect 0 'is as it was handed out' workbook diff "$1"
  write_second "$1" "$3" 'nothing();'
  expect 3 "^lessons/$1/$3:4: error: 'nothing' was not declared" workbook test "$1"
  reject 'leads to an error' workbook test "$1"
  printf '\xff\xfe' | cat - "lessons/$1/$3" >"$scratch/wide" && cp "$scratch/wide" "lessons/$1/$3"
  expect 3 "^lessons/$1/$3 is in UTF-16" workbook test "$1"
  expect 0 "$3 is as it was handed out" workbook reset "$1" --yes
  write_second "$1" "$3" 'int unused; throw 1;'
  expect 1 "^lessons/$1/$3:4: warning: unused variable" workbook test "$1"
  expect 0 '^\+  int unused' workbook diff "$1"
  expect 0 "^  lessons/$1/$3 " workbook submit --lesson "$1" -o "$scratch/submission.zip"
  rm "lessons/$1/$3"
  expect 2 "expected your file lessons/$1/$3, found none; .*reset" workbook test "$1"
  expect 0 "$3 is as it was handed out" workbook reset "$1" --yes
  expect 10 'not started' workbook test "$1"
}

make_cpp_lesson() {
  workbook new 90_halves >/dev/null || exit
  make_lesson 90_halves doubled.h 'float halves::twice(float x)' 'return doubled(x);' \
    '#pragma once

inline float doubled(float /*x*/) {
  // TODO(1): return two times x.
  throw workbook::NotImplemented();
}' '#pragma once

inline float doubled(float x) {
  return x + x;
}'
}

make_cuda_lesson() {
  local group id=91_cuda_halves
  local parameters='DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream'
  workbook new $id --cuda >/dev/null || exit
  sed -i "s/float twice(float x)/void twice($parameters)/; s|^#include.*|&\n#include \"common/cuda/device_tensor.h\"|" lessons/$id/cuda_halves.h
  for group in basic advanced hidden/hidden; do
    sed -i 's/CHECK(student<twice>(\(.*\)) == \(.*\)); }/Tensor y({1}); student<twice>(Tensor({1}, \1), y, {}); CHECK(y.values()[0] == \2); }/' \
      testcases/$id/${group}_test.cpp
  done
  make_lesson $id doubled.cuh "void cuda_halves::twice($parameters)" 'doubled(true, x.data(), y.data(), stream);' \
    '#pragma once

inline void doubled(bool /*negative*/, const float* /*x_gmem*/, float* /*y_gmem*/, cudaStream_t /*stream*/) {
  // TODO(1): two times x.
  throw workbook::NotImplemented();
}' '#pragma once

#include "common/cuda/check.h"

namespace {

__global__ void double_kernel(bool negative, const float* x_gmem, float* y_gmem) {
  const float x = x_gmem[0];
  y_gmem[0] = negative || x > 0 ? x + x : x;
}

}  // namespace

inline void doubled(bool negative, const float* x_gmem, float* y_gmem, cudaStream_t stream) {
  double_kernel<<<1, 1, 0, stream>>>(negative, x_gmem, y_gmem);
  workbook::check(cudaGetLastError());
}'
}

test_cpp() {
  make_cpp_lesson
  judge_lesson 90_halves halves.cpp doubled.h 's/doubled(x)/doubled(x < 0 ? -x : x)/'
  judge_student 90_halves halves.cpp doubled.h
  write_second 90_halves doubled.h 'return *static_cast<volatile float*>(nullptr);'
  expect 11 '^  lessons/90_halves/doubled.h:4$' workbook test 90
  expect 11 'no such memory\) at doubled.h:4' workbook test 90
  expect 11 ' 4 \|   return \*static_cast' workbook test 90
}

test_cuda() {
  local file=lessons/91_cuda_halves/doubled.cuh
  make_cuda_lesson
  judge_lesson 91_cuda_halves cuda_halves.cu doubled.cuh 's/true/false/'
  judge_student 91_cuda_halves cuda_halves.cu doubled.cuh
  sed 's/y_gmem\[0\] =/y_gmem[1] =/' solutions/91_cuda_halves/doubled.cuh >$file
  expect 11 ' doubled.cuh:10: kernel double_kernel' workbook test 91
  touch -d '2 hours ago' $file && cp -p $file "$scratch/older"
  cp solutions/91_cuda_halves/doubled.cuh $file
  expect 0 '2 of 2 points' workbook test 91
  cp -p "$scratch/older" $file
  expect 11 ' doubled.cuh:10: kernel double_kernel' workbook test 91
  sed -i '4i thread_local int more;' $file
  expect 0 "Grading refuses $file, line 4: " workbook submit --lesson 91 -o "$scratch/submission.zip"
  sed -i '4d; s/, stream>>>/, stream>>/' $file
  expect 3 "^$file:16: error: " workbook test 91
}

# The tests of the usual flavour begin before the others have been compiled, which may show an error of their own.
test_flavours() {
  local file=lessons/90_halves/doubled.h
  sed -i 's/^  "files"/  "flavours": ["count"],\n&/' lessons/90_halves/lesson.json
  sed -i 's/\[advanced\]/&[count]/' testcases/90_halves/advanced_test.cpp
  cp solutions/90_halves/doubled.h $file
  expect 0 'passed · 2 of 2 tests' workbook test 90
  sed -i 's/x + x/x/' $file
  expect 1 'wrong · 0 of 2 tests' workbook test 90
  printf '#ifdef __SANITIZE_THREAD__\n#error one flavour is not like the other\n#endif\n' >>$file
  expect 3 "^$file:[0-9]+: error: .*one flavour is not like the other" workbook test 90
  expect 3 '^90 halves: does not compile$' workbook test 90
  expect 3 'error: .*one flavour is not like the other' workbook test 90
  cp solutions/90_halves/doubled.h $file
  expect 0 'passed · 2 of 2 tests' workbook test 90
}

# A lesson of which a file is missing is left out, and the warning names the file.
test_missing_file() {
  mv solutions/90_halves/doubled.h .
  touch lessons
  expect 0 ' solutions/90_halves/doubled.h, found none' cmake build
  expect 70 'expected solutions/90_halves/doubled.h, found none' workbook verify 90
  mv doubled.h solutions/90_halves
  mv lessons/90_halves/doubled.h .
  expect 0 'lesson 90_halves is left out: expected lessons/90_halves/doubled.h' cmake build
  mv doubled.h lessons/90_halves
  cmake build >/dev/null 2>&1
}

hand_in() { # STUDENT NN_name FILE...: files of the solution
  local student=$1 id=$2
  shift 2
  mkdir -p "class/$student/lessons/$id"
  for file in "$@"; do cp "solutions/$id/$file" "class/$student/lessons/$id/"; done
}

test_grading() {
  [ -x "$grading" ] || { echo "skipped: grading is not built here" && return; }
  hand_in all 90_halves halves.cpp doubled.h
  hand_in all 91_cuda_halves cuda_halves.cu doubled.cuh
  hand_in first 90_halves halves.cpp
  hand_in first 91_cuda_halves cuda_halves.cu
  hand_in second 90_halves doubled.h
  hand_in broken 90_halves halves.cpp doubled.h
  sed -i 's/x + x/x + y/' class/broken/lessons/90_halves/doubled.h
  hand_in refused 90_halves halves.cpp doubled.h
  sed -i 's/return/asm(""); return/' class/refused/lessons/90_halves/doubled.h
  hand_in refused 91_cuda_halves cuda_halves.cu doubled.cuh
  sed -i 's/const float x =/thread_local float z; &/' class/refused/lessons/91_cuda_halves/doubled.cuh
  expect 0 '5 students, 2 lessons' "$grading" grade class -o results -j 2
  local points
  points=$(cut -d, -f 1-3 results/grades.csv)
  for line in all,6,6 first,0,6 broken,0,6 refused,0,6; do
    grep -q "^$line\$" <<<"$points" || fail "grades: expected $line" "$(cat results/grades.csv)"
  done
  expect 0 'doubled.h:[0-9]+:[0-9]+: error: .y. was not declared' cat results/students/broken/feedback.md
  expect 0 'doubled.h, line [0-9]+: ' cat results/students/refused/feedback.md
  expect 0 'doubled.cuh, line [0-9]+: ' cat results/students/refused/feedback.md
  expect 0 'not started' cat results/students/first/feedback.md
  expect 0 'expected doubled.h of 90_halves, found none: its stub takes its place' cat results/problems.csv
  expect 0 'class of 20' "$grading" grade --sample-class made --students 20 --lesson 91
  expect 0 'doubled\(false' grep -rh 'doubled(' made
  [ "$(find made -name '*.cu' | wc -l)" = "$(find made -name '*.cuh' | wc -l)" ] || fail "all files of a made-up student"
}

for part in cpp flavours cuda missing_file grading; do
  echo "$part"
  "test_$part"
done
echo "$failures failures"
[ "$failures" = 0 ]
