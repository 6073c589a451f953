#!/bin/bash
# Every C++ fragment of the guides and of the lessons' texts compiles.
#   fragments.sh COMPILER INCLUDE_FOLDER...
# A guide may use what lesson 04's tests may, a lesson's text what its own tests may.
set -euo pipefail
tools=$(dirname -- "$(readlink -f -- "$0")")
cd "$tools/../.."
compiler=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

compile() { # FILE.md
  local text=$1 lesson=lessons/04_grouped_query name source
  case $text in lessons/*) lesson=$(dirname "$text") ;; esac
  name=$(basename "$lesson")
  name=${name#??_}
  source=$scratch/${text//\//-}.cpp
  {
    printf '#include "common/%s"\n' checker/student.h oracle/attention.h oracle/softmax.h
    printf '#include <%s>\n' cassert cmath iostream limits
    printf 'using namespace workbook;\n'
    case $text in lessons/*) printf 'using namespace workbook::%s;\n' "$name" ;; esac
    awk -f "$tools/fragments.awk" "$text"
  } >"$source"
  "$compiler" -std=c++20 -fsyntax-only -w -I. "-I$lesson" "${includes[@]}" "-DWORKBOOK_LESSON=$name" \
    "-DWORKBOOK_LESSON_HEADER=\"$name.h\"" "-DWORKBOOK_LESSON_ID=\"$name\"" "$source"
}

includes=()
for folder in "$@"; do includes+=(-isystem "$folder"); done
failed=0 files=0 fragments=0
for text in README.md docs/*.md lessons/*/README.md; do
  found=$(grep -c '^```cpp$' "$text" || true)
  [ "$found" = 0 ] && continue
  files=$((files + 1)) fragments=$((fragments + found))
  compile "$text" || failed=1
done
echo "$fragments fragments in $files files"
exit $failed
