#!/bin/bash
# Lessons of two files, one in C++ and one in CUDA, in a workbook that has no other lesson but everything else: judged,
# verified, with mistakes in either file. Its build folder stays, for libraries take minutes to compile.
#   several_files_test.sh REPOSITORY COMMAND_LINE_PROGRAM FOLDER
# shellcheck source=common/cli/tests/expect.sh
. "$(dirname -- "$(readlink -f -- "$0")")/expect.sh"
set -uo pipefail
repository=$1 program=$2 tree=$3
export WORKBOOK_ROOT=$tree WORKBOOK_BUILD_DIR=$tree/build LC_ALL=C.UTF-8
mkdir -p "$tree" && cd "$tree" || exit
rm -rf lessons solutions testcases .workbook
for part in CMakeLists.txt CMakePresets.json common; do ln -sfn "$repository/$part" $part; done

workbook() { "$program" "$@"; }

# doubled.h or doubled.cuh holds what the lesson is about; twice() of the first file calls it.
make_lesson() { # NN_name ENDING BODY
  local id=$1 name=${1#*_} file=doubled.$2 main folder
  main=$(basename "$(ls lessons/"$id/$name".c*)")
  sed -i "s/\"files\": .*/\"files\": [\"$main\", \"$file\"],/" "lessons/$id/lesson.json"
  for folder in lessons solutions; do
    printf '#include "%s.h"\n#include "%s"\n\nfloat workbook::%s::twice(float x) { return doubled(x); }\n' \
      "$name" "$file" "$name" >"$folder/$id/$main"
  done
  printf '#pragma once\n\ninline float doubled(float /*x*/) {\n  // TODO(1): return two times x.\n  throw workbook::NotImplemented();\n}\n' \
    >"lessons/$id/$file"
  printf '%s\n' "$3" >"solutions/$id/$file"
}

mistake() { # NN_name NAME FILE SED_SCRIPT
  expect 0 "\.workbook/mistakes/$1/$2/$3 is the solution, for a new mistake" workbook mistake edit "$1" "$2" --file "$3"
  sed -i "1s/\$/does it ($2)./; $4" ".workbook/mistakes/$1/$2/$3"
  expect 0 'caught as its header says' workbook mistake save "$1" "$2"
  grep -q "^--- a/$3\$" "solutions/$1/mistakes/$2.diff" || fail "the diff names $3" "$(cat "solutions/$1/mistakes/$2.diff")"
}

judge_lesson() { # NN_name MAIN FILE
  expect 0 'passed · 2 of 2' workbook test "$1" --impl solution
  expect 10 "edit +lessons/$1/$3" workbook test "$1"
  expect 2 "expected --file to name a file of lesson ${1%%_*} \($2, $3\), found \"x.h\"" workbook mistake edit "$1" new --file x.h
  rm -f "solutions/$1/mistakes/"*
  mistake "$1" in_the_first "$2" 's/doubled(x)/doubled(x < 0 ? -x : x)/'
  mistake "$1" in_the_second "$3" 's/x + x/x + (x < 0 ? -x : x)/'
  expect 0 'with the mistake in it' workbook mistake edit "$1" in_the_second
  rm -r .workbook/mistakes
  expect 2 "in_the_second changes $3, expected no other --file, found $2" workbook mistake edit "$1" in_the_second --file "$2"
  expect 1 'mistakes 2 of 2 caught' workbook verify "$1"
  sed -i '1i // Changed.' "solutions/$1/$3"
  expect 0 '^1 mistake fits as it is, 1 was rewritten' workbook mistake rebase "$1"
  expect 1 'mistakes 2 of 2 caught' workbook verify "$1"
  sed -i 's/x + x/x + 0/' "solutions/$1/$3"
  expect 1 '0 of 2 points' workbook test "$1" --impl mistakes/in_the_first
  sed -i 's/x + 0/x + x/' "solutions/$1/$3"
}

write_second() { # NN_name FILE LINE: the student's second file with this as its fourth line
  printf '#pragma once\n\ninline float doubled(float x) {\n  %s\n}\n' "$3" >"lessons/$1/$2"
}

judge_student() { # NN_name MAIN FILE
  write_second "$1" "$3" 'return x + y;'
  expect 3 "^lessons/$1/$3:4: error: 'y' was not declared" workbook test "$1"
  reject 'leads to an error' workbook test "$1"
  write_second "$1" "$3" 'int unused; return x + x;'
  expect 0 "^lessons/$1/$3:4: warning: unused variable" workbook test "$1"
  expect 0 '2 of 2 points' workbook test "$1"
  rm "lessons/$1/$3"
  expect 2 "expected your file lessons/$1/$3, found none; .*reset" workbook test "$1"
  expect 0 "$3 is as it was handed out" workbook reset "$1" --yes
  expect 10 'not started' workbook test "$1"
}

test_cpp() {
  workbook new 90_halves >/dev/null || exit
  make_lesson 90_halves h $'#pragma once\n\ninline float doubled(float x) {\n  return x + x;\n}'
  judge_lesson 90_halves halves.cpp doubled.h
  judge_student 90_halves halves.cpp doubled.h
  write_second 90_halves doubled.h 'float* nowhere = nullptr; return *static_cast<volatile float*>(nowhere) + x;'
  expect 11 '^  lessons/90_halves/doubled.h:4$' workbook test 90
  expect 11 'no such memory\) at doubled.h:4' workbook test 90
  expect 11 ' 4 \|   float\* nowhere' workbook test 90
}

test_cuda() {
  workbook new 91_cuda_halves --cuda >/dev/null || exit
  make_lesson 91_cuda_halves cuh '#pragma once

#include "common/cuda/check.h"

namespace {

__global__ void double_kernel(float* x_gmem) {
  const float x = x_gmem[0];
  x_gmem[0] = x + x;
}

}  // namespace

inline float doubled(float x) {
  float* x_gmem = nullptr;
  workbook::check(cudaMalloc(&x_gmem, sizeof x));
  workbook::check(cudaMemcpy(x_gmem, &x, sizeof x, cudaMemcpyHostToDevice));
  double_kernel<<<1, 1>>>(x_gmem);
  workbook::check(cudaMemcpy(&x, x_gmem, sizeof x, cudaMemcpyDeviceToHost));
  workbook::check(cudaFree(x_gmem));
  return x;
}'
  judge_lesson 91_cuda_halves cuda_halves.cu doubled.cuh
  judge_student 91_cuda_halves cuda_halves.cu doubled.cuh
  sed 's/x_gmem\[0\] = x/x_gmem[1] = x/' solutions/91_cuda_halves/doubled.cuh >lessons/91_cuda_halves/doubled.cuh
  expect 11 ' doubled.cuh:10: kernel double_kernel' workbook test 91
  sed -i 's/<<<1, 1>>>/<<<1, 1>>/' lessons/91_cuda_halves/doubled.cuh
  expect 3 '^lessons/91_cuda_halves/doubled.cuh:19: error: ' workbook test 91
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
}

for part in cpp cuda missing_file; do
  echo "$part"
  "test_$part"
done
echo "$failures failures"
[ "$failures" = 0 ]
