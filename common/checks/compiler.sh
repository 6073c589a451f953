#!/bin/sh
# Another g++ than the build's: compiler.sh COMPILER BUILD_FOLDER. Builds with it what runs a lesson, and runs the
# checker's tests, the command line's, and a lesson's for the processor and for CUDA. Exit status 77 if it is missing.
set -eu
cd "$(dirname "$0")/../.."

compiler=$1
build=$2/compilers/$compiler
if ! command -v "$compiler" >/dev/null; then
  echo "skipped: $compiler is not installed"
  exit 77
fi
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
ninja -C "$build" common_all cuda_all workbook_cli_test \
  04_grouped_query.checker 04_grouped_query.solution 14_cuda_softmax.checker 14_cuda_softmax.solution \
  14_cuda_softmax.solution.sim
ctest --test-dir "$build" -R '^(common\.|cli\.parsing$|cuda\.)' --output-on-failure
for lesson in 04_grouped_query 14_cuda_softmax; do
  "$build/lessons/$lesson/checker" --plugin "$build/lessons/$lesson/solution.so" --hidden
done
