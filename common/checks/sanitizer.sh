#!/bin/sh
# The machinery's tests under a sanitizer: sanitizer.sh asan|tsan BUILD_FOLDER
set -eu
cd "$(dirname "$0")/../.."

cmake --preset "$1" -B "$2/$1" >/dev/null
ninja -C "$2/$1" common_all
ctest --test-dir "$2/$1" -L common --output-on-failure
