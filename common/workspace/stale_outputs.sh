#!/bin/bash
# Makes ninja decide by content. Ninja compares times, which do not tell that a file was replaced by an older one, or was
# saved while the compiler read it, or that the clock was set back. This program runs before each build. It removes from
# the build folder what was made of other contents than the present ones, and gives the present time to files that are
# dated in the future: ninja would make what depends on them, or configure, again and again.
#   stale_outputs.sh ROOT BUILD     prints a sentence if it changed the time of files
# Whoever calls it makes BUILD/inputs.built when the build has ended.
set -euo pipefail
export LC_ALL=C
root=$1 build=$2
known=$build/inputs # before the last build: .states has "path TAB size, written, changed", .hashes "hash  path"
cd "$root"
mkdir -p "$build"

inputs() { # TYPES FIND_EXPRESSION...
  local types=$1
  shift
  find -L CMakeLists.txt CMakePresets.json common lessons solutions testcases -regextype posix-extended -name '.*' -prune -o \
    -type "$types" -readable \( -type d -o -regex '[^[:cntrl:]\]*\.(h|cuh|inc|cpp|cu|diff|json|cmake|txt|in|sh|awk|py|js)' \) \
    "$@" 2>/dev/null || true
}

correct_times() {
  local limit late made=()
  : >"$build/.now" # by the clock of the file system
  if [ "$build/.now" -ot "$(command -v cmake)" ]; then # its files are dated in the future, too
    echo "The clock of this machine says $(date -r "$build/.now" '+%F %R'), which is before CMake was made. Set it right first."
    exit 1
  fi
  limit=@$(($(stat -c %Y "$build/.now") + 2))
  mapfile -t late < <(inputs d,f -newermt "$limit" -print)
  if [ -n "$(find "$build"/{build.ninja,.ninja_log,inputs.states} -newermt "$limit" 2>/dev/null)" ]; then
    mapfile -t made < <(find "$build" -newermt "$limit")
  fi
  [ $((${#late[@]} + ${#made[@]})) -gt 0 ] || return 0
  if ! printf '%s\0' "${late[@]}" "${made[@]}" | xargs -0 touch -c -r "$build/.now" 2>/dev/null; then
    echo "${late[0]-$build} is dated in the future, and its time cannot be changed. Set the clock of this machine right," \
      "or copy the workbook to a folder of your own."
    exit 1
  fi
  case ${#late[@]} in
    0) echo "The clock was set back after the last build. The files of that build now have the present time." ;;
    1) echo "${late[0]} was dated in the future. It now has the present time." ;;
    *) echo "${#late[@]} files were dated in the future, for instance ${late[0]}. They now have the present time." ;;
  esac
}

# Of the files that were written since the last build began, those of which ninja may know nothing: all that were written
# before it ended, for nobody knows what the compiler has read; and those with other contents whose time is not that of
# their last change after the build.
unseen() {
  local built
  built=$(stat -c %.9Y "$known.built" 2>/dev/null) || built=1e99
  awk 'NR == FNR { known[$0]; next } !($0 in known)' "$known.hashes" "$known.written.hashes" | cut -c 67- | awk -F '[\t ]' -v built="$built" '
    hashed { differs[$0] = 1; next }
    { written = $(NF - 1); changed = $NF; sub(/\t.*/, "") }
    changed + 0 <= built + 0 || ($0 in differs && (written + 0 <= built + 0 || changed - written > 2))' hashed=1 - hashed=0 "$known.written"
}

# Reads paths from the root and prints what is made of them: build.ninja tells it of sources, compilers' notes of headers.
outputs() {
  local path paths=() headers=()
  while IFS= read -r path; do
    paths+=("$root/$path")
    case $path in *.cpp | *.cu) ;; *) headers+=("$root/$path") ;; esac
  done
  [ ${#paths[@]} -gt 0 ] || return 0
  # A query ends at the first path that is not in build.ninja, so it is for those that are.
  { { ninja -t targets rule && ninja -t targets all; } 2>/dev/null || true; } | sed 's/: [^:]*$//' |
    { grep -xFf <(printf '%s\n' "${paths[@]}") || true; } | sort -u | xargs -r -d '\n' ninja -t query | awk '
    /^ ? ?[^ ]/ { listed = /^  outputs:/ }
    /^    / && listed { print substr($0, 5) }'
  [ ${#headers[@]} = 0 ] || { ninja -t deps 2>/dev/null || true; } | awk '
    NR == FNR { is_header[$0] = 1; next }
    /^[^ ]/ { sub(/: #deps .*/, ""); output = $0 }
    /^    / && substr($0, 5) in is_header { print output }' <(printf '%s\n' "${headers[@]}") -
}

# CMake remembers the compiler, and compiled headers are of use to no other; a folder without a build.ninja is one whose
# configuration failed, or is to begin anew. Ninja makes everything that its log does not name.
forget_other_compiler() {
  local compiler
  if [ -f "$build/build.ninja" ]; then
    compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt" | xargs -r -d '\n' sha256sum 2>&1) || true
    if [ -f "$known.compiler" ] && [ "$compiler" != "$(<"$known.compiler")" ]; then
      echo "The compiler is not the one of the last build. Everything is compiled anew."
      rm -f "$build/build.ninja"
    fi
    echo "$compiler" >"$known.compiler"
  fi
  [ -f "$build/build.ninja" ] || rm -rf "$build"/{CMakeCache.txt,.ninja_log,.ninja_deps} "$build"/CMakeFiles/[0-9]*
}

correct_times
forget_other_compiler
inputs f -printf '%p\t%s %T@ %C@\n' | sort >"$known.states.new"
touch "$known.hashes"
comm -13 "$known.states" "$known.states.new" 2>/dev/null >"$known.written" || cp "$known.states.new" "$known.written"
cut -f 1 "$known.written" | xargs -r -d '\n' sha256sum | cat >"$known.written.hashes" # cat says why it cannot write
if [ -f "$build/build.ninja" ] && [ -f "$known.states" ]; then
  stale=$(cd "$build" && unseen | outputs)
  # A file more or less may be a lesson, a test or a mistake more or less: CMake runs if build.ninja is old.
  if grep -qx build.ninja <<<"$stale" || ! cmp -s <(cut -f 1 "$known.states") <(cut -f 1 "$known.states.new"); then
    touch -d @1 "$build/build.ninja"
  fi
  (cd "$build" && { grep -vx build.ninja <<<"$stale" || true; } | xargs -r -d '\n' rm -f --)
fi
sort -s -u -k 2 "$known.written.hashes" "$known.hashes" >"$known.hashes.new"
mv "$known.hashes.new" "$known.hashes"
mv "$known.states.new" "$known.states"
rm -f "$known.built"
