#!/bin/sh
# Vectors (common/tensor/lanes.h) are for any machine and may have any number of lanes: compiles lesson 12's solution for
# 64-bit Arm and for three kinds of x86-64, with 4, 8 and 16 lanes each. Exit status 77 if no compiler for Arm is there.
set -eu
cd "$(dirname "$0")/../.."

arm=aarch64-linux-gnu-g++
object=$(mktemp)
trap 'rm -f "$object"' EXIT
compile() { # compiler, flags...
  for lanes in 4 8 16; do
    "$@" -std=c++20 -O1 -Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers -Wno-psabi \
      -Wno-maybe-uninitialized -DWORKBOOK_LANES=$lanes -DEIGEN_MAX_ALIGN_BYTES=64 -I . -I lessons/12_vectorized_flash \
      -isystem /usr/include/eigen3 -c -o "$object" solutions/12_vectorized_flash/vectorized_flash.cpp ||
      {
        echo "expected lesson 12's solution to compile with $lanes lanes by $*; found the errors above"
        exit 1
      }
  done
}
if [ "$(uname -m)" = x86_64 ]; then
  for flags in -march=x86-64 -march=x86-64-v3 -march=x86-64-v4; do compile g++ $flags; done
fi
if ! command -v "$arm" >/dev/null; then
  echo "skipped: $arm is not installed"
  exit 77
fi
compile "$arm"
