#!/bin/bash
# shellcheck disable=SC2317 # functions called through expect
# What archives, editors, clocks and other systems do to files, in a workbook in miniature.
#   files_test.sh REPOSITORY COMMAND_LINE_PROGRAM
# shellcheck source=common/cli/tests/miniature.sh
. "$(dirname -- "$(readlink -f -- "$0")")/miniature.sh"

# In the place of the compiler: sources the file `before`, compiles, sources `after`; the object is as new as can be.
make_compiler_launcher() {
  cat >"$scratch/compile" <<SH
#!/bin/bash
at() { [ ! -e "$scratch/\$1" ] || (cd "$tree" && . "$scratch/\$1"); }
at before
"\$@" || exit
at after
while [ "\$1" != -o ] && shift; do :; done
touch "\$2"
SH
  chmod +x "$scratch/compile"
  export CMAKE_CXX_COMPILER_LAUNCHER="$scratch/compile"
}

while_compiling() { # before|after BODY: what is saved then, once
  write_stub "$2" "$scratch/$1.cpp"
  echo "cp '$scratch/$1.cpp' $stub && rm '$scratch/$1'" >"$scratch/$1"
}

test_older_content() {
  local way
  for way in 'cp -p' 'mv' 'tar'; do
    write_stub 'return a - b;'
    touch -d '2 hours ago' "$stub"
    case $way in
      tar) cmake -E tar cf "$scratch/older.zip" --format=zip "$stub" ;;
      *) cp -p "$stub" "$scratch/older" ;;
    esac
    write_stub 'return a + b;'
    expect 0 '2 of 2 points' ./workbook test 01
    case $way in
      tar) cmake -E tar xf "$scratch/older.zip" ;;
      *) $way "$scratch/older" "$stub" ;;
    esac
    expect 0 'edited since' ./workbook list
    expect 1 '0 of 2 points' ./workbook test 01
    expect 0 ' wrong .*0/2' ./workbook list
    expect 0 'adding.cpp +wrong  0/2 points' ./workbook submit -o "$scratch/submission.zip"
  done
}

# The stub may be a link to where the student keeps everything.
test_older_target() {
  mv "$stub" "$scratch/linked.cpp" && ln -s "$scratch/linked.cpp" "$stub"
  write_stub 'return a - b;' && touch -d '2 hours ago' "$stub" && cp -p "$stub" "$scratch/older"
  write_stub 'return a + b;'
  expect 0 '2 of 2 points' ./workbook test 01
  cp -p "$scratch/older" "$scratch/linked.cpp"
  expect 1 '0 of 2 points' ./workbook test 01
  mv "$scratch/linked.cpp" "$stub"
}

# Ninja takes its time to read what a real workbook builds.
test_many_older_files() {
  local bin="$scratch/counting" header count
  write_stub 'return a + b;'
  mkdir -p "$bin" && printf '#!/bin/sh\necho ran >>"%s"\nexec %s "$@"\n' "$scratch/ninjas" "$(type -P ninja)" >"$bin/ninja"
  chmod +x "$bin/ninja"
  for header in lessons/01_adding/extra_{a..t}.h; do echo '// newer' >"$header"; done
  expect 0 '2 of 2 points' ./workbook test 01
  for header in lessons/01_adding/extra_{a..t}.h; do echo '// older' >"$header" && touch -d yesterday "$header"; done
  write_stub 'return a - b;' && touch -d yesterday "$stub"
  expect 1 '0 of 2 points' env PATH="$bin:$PATH" ./workbook test 01
  count=$(wc -l <"$scratch/ninjas")
  [ "$count" -lt 10 ] || fail "ninja ran $count times for 21 files"
  rm lessons/01_adding/extra_?.h
}

test_older_header() {
  local header=lessons/01_adding/adding.h
  write_stub 'return a + b + workbook::adding::kMore;'
  cp -p $header "$scratch/adding.h"
  sed -i 's/^namespace workbook::adding {/&\ninline constexpr int kMore = 1;/' $header
  touch -d '2 hours ago' $header
  cp -p $header "$scratch/older.h"
  sed -i 's/kMore = 1/kMore = 0/' $header
  expect 0 '2 of 2 points' ./workbook test 01
  cp -p "$scratch/older.h" $header
  expect 1 '0 of 2 points' ./workbook test 01
  cp -p "$scratch/adding.h" $header
}

test_saved_while_it_is_compiled() {
  write_stub 'return a + b;'
  while_compiling after 'return a - b;'
  expect 0 'adding.cpp was saved while it was compiled.* ./workbook test 01' ./workbook test 01
  expect 0 'edited since' ./workbook list
  expect 1 '0 of 2 points' ./workbook test 01
  # To and fro: what is there before and after is not what the compiler read.
  write_stub 'return a - b - 1;'
  while_compiling before 'return a + b;'
  while_compiling after 'return a - b - 1;'
  expect 0 'saved while it was compiled' ./workbook test 01
  reject 'passed' ./workbook list
  expect 1 '0 of 2 points' ./workbook test 01
}

test_clock_set_back() {
  write_stub 'return a + b;'
  expect 0 'passed' ./workbook test 01
  find build -exec touch -h -d 'next week' {} +
  write_stub 'return a - b;'
  expect 1 'The clock was set back after the last build' ./workbook test 01
  expect 1 '0 of 2 points' ./workbook test 01
  reject 'clock' ./workbook test 01
  reject 'building' ./workbook list
}

test_files_of_the_future() {
  local file
  write_stub 'return a + b;'
  ./workbook test 01 >/dev/null 2>&1
  for file in CMakeLists.txt lessons lessons/01_adding/adding.h "$stub"; do
    touch -d 2099-01-01 "$file"
    expect 0 "^$file was dated in the future. It now has the present time.\$" ./workbook test 01
    reject 'future|Configuring|building' ./workbook test 01
  done
  touch -d 2099-01-01 "$stub"
  reject 'saved while it was compiled' ./workbook test 01
  touch -d 2099-01-01 common/cli/main.cpp
  expect 0 'common/cli/main.cpp was dated in the future' ./workbook list
  reject 'building|future' ./workbook list
  find CMakeLists.txt CMakePresets.json common lessons -exec touch -h -d 2099-01-01 {} +
  rm -r build/*
  mkdir build/bin && cp "$program" build/bin/workbook
  expect 0 'files were dated in the future, for instance CMakeLists.txt. They now have the present time' ./workbook test 01
  reject 'future|Configuring|building' ./workbook test 01
}

test_clock_before_all_files() {
  local bin="$scratch/bin"
  mkdir -p "$bin" && ln -sf "$(command -v ninja)" "$bin" && cp "$(type -P true)" "$bin/cmake"
  touch -d 2099-01-01 "$bin/cmake"
  expect 70 'The clock of this machine says 2.*, which is before CMake was made. Set it right first.' \
    env PATH="$bin:$PATH" ./workbook test 01
}

test_older_command_line() {
  local count
  ./workbook list >/dev/null
  count=$(wc -l <cli_builds)
  cp -p common/cli/main.cpp "$scratch/main.cpp"
  sed -i '1i // older' common/cli/main.cpp
  touch -d '2 hours ago' common/cli/main.cpp
  expect 0 'building the command line' ./workbook list
  [ "$(wc -l <cli_builds)" = $((count + 1)) ] || fail "an older source is built once" "$(cat cli_builds)"
  cp -p "$scratch/main.cpp" common/cli/main.cpp
}

test_line_ends() {
  ./workbook reset 01 --yes >/dev/null
  sed -i 's/$/\r/' "$stub"
  expect 0 'as it was handed out' ./workbook diff 01
  expect 2 'expected a lesson that was begun, found none' ./workbook submit -o "$scratch/submission.zip"
  expect 10 'not started' ./workbook test 01
  sed -i 's/  throw.*;/  return a + b;/; s|/\*\(.\)\*/|\1|g' "$stub"
  expect 0 '2 of 2 points' ./workbook test 01
  reject '^[-+].*(include|TODO)' ./workbook diff 01
  sed -i 's/\r$//' "$stub"
  expect 0 'passed  2/2 points' ./workbook submit -o "$scratch/submission.zip"
  cp "$stub" "$scratch/plain" && iconv -f UTF-8 -t UTF-16 "$scratch/plain" >"$stub"
  expect 3 'adding.cpp is in UTF-16, which compilers do not read. Save it as UTF-8.' ./workbook test 01
  cp "$scratch/plain" "$stub"
}

test_clone() {
  local source="$scratch/source" clone="$scratch/clone"
  mkdir "$source" && cp -r "$repository/workbook" "$repository/.gitattributes" "$tree/common" "$source"
  (cd "$source" && git init -q . && git add . && git -c user.name=N -c user.email=n@example.org commit -qm "All")
  git -c core.autocrlf=true clone -q "$source" "$clone"
  if grep -rq --exclude-dir=.git $'\r' "$clone"; then fail "a clone has other line ends"; fi
}

test_paths() {
  local mark folder plain="$scratch/-Ann (2) é+=@~%!:{}"
  for mark in '#' ';' '[' ']' '"' "\\" '$' '|' '<' '>' ',' "'" '`' '&' '*' '?' '^' $'\t' $'\n'; do
    folder="$scratch/Homework ${mark}1"
    mkdir -p "$folder" && cp workbook "$folder"
    expect 2 "cannot build in a folder with .* in its path. Move this one: .*Homework" "$folder/workbook" start --yes
    [ "$(ls "$folder")" = workbook ] || fail "$folder: something is made before the folder is refused"
    expect 2 "Move this one: .*Homework" env WORKBOOK_BUILD_DIR="$folder/build" ./workbook list
  done
  cp -r "$tree" "$plain" && cd "$plain" || exit
  write_stub 'return a + b;'
  expect 0 '2 of 2 points' ./workbook test 01
  expect 0 'no work to do' ninja -C build 01_adding.student
  write_stub 'return a - b;' && touch -d yesterday "$stub"
  expect 1 '0 of 2 points' ./workbook test 01
  cd "$tree" || exit
}

# What is compiled depends on the compiler, whose packages keep the time of their making.
test_other_compiler() {
  rm -r build/* && mkdir build/bin && cp "$program" build/bin/workbook
  install_compiler() {
    printf '#!/bin/sh\nexec g++ -DMORE=%s "$@"\n' "$1" >"$scratch/my g++"
    chmod +x "$scratch/my g++" && touch -d '2 hours ago' "$scratch/my g++"
  }
  install_compiler 0
  write_stub 'return a + b + MORE;'
  export CXX="$scratch/my g++"
  expect 0 '2 of 2 points' ./workbook test 01
  reject 'compiler' ./workbook test 01
  install_compiler 1
  expect 1 'The compiler is not the one of the last build. Everything is compiled anew.' ./workbook test 01
  expect 1 '0 of 2 points' ./workbook test 01
  reject 'compiler' ./workbook test 01
  unset CXX
  rm "$scratch/my g++"
  write_stub 'return a + b;'
  expect 0 '2 of 2 points' ./workbook test 01
}

# A newer system has other libraries: the command line is not to end with "error while loading shared libraries".
test_other_system() {
  local system="$scratch/system" step
  mkdir "$system"
  for step in 'exec g++ "$@"' 'exec g++ -O1 "$@"'; do
    printf '#!/bin/sh\n%s\n' "$step" >"$system/c++" && chmod +x "$system/c++"
    expect 0 'building the command line' env PATH="$system:$PATH" ./workbook list
    PATH="$system:$PATH" reject 'building' ./workbook list
  done
}

# One that the real workbook cannot use is not remembered.
test_refused_compiler() {
  local version
  for version in 9 10; do
    printf '#!/bin/sh\nexec g++ -U__GNUC__ -D__GNUC__=%s "$@"\n' "$version" >"$scratch/g++-$version"
    chmod +x "$scratch/g++-$version"
    export CXX="$scratch/g++-$version" WORKBOOK_BUILD_DIR="$scratch/refused"
    expect 2 "^workbook: expected g\+\+ 11 or later, found GNU $version\..*/g\+\+-$version\). Is CXX set\? With CXX=g\+\+ it is taken" \
      "$repository/workbook" list
    reject 'CMake Error|ninja' "$repository/workbook" list
    unset CXX WORKBOOK_BUILD_DIR
  done
}

test_failed_configuration() {
  write_stub 'return a - b;' && touch -d '2 hours ago' "$stub" && cp -p "$stub" "$scratch/older"
  write_stub 'return a + b;'
  expect 0 '2 of 2 points' ./workbook test 01
  cp -p CMakeLists.txt "$scratch"
  echo 'message(FATAL_ERROR "told to fail")' >>CMakeLists.txt
  touch lessons/01_adding/notes.txt
  expect 70 'told to fail' ./workbook test 01
  cp -p "$scratch/CMakeLists.txt" . && cp -p "$scratch/older" "$stub"
  expect 1 '0 of 2 points' ./workbook test 01
  rm lessons/01_adding/notes.txt
  ./workbook test 01 >/dev/null 2>&1
  echo '}{' >build/build.ninja
  rm build/inputs.built
  cp lessons/01_adding/adding.h "$scratch" && cp "$scratch/adding.h" lessons/01_adding
  expect 70 'build.ninja:1: ' ./workbook test 01
  rm build/build.ninja
  expect 1 '0 of 2 points' ./workbook test 01
}

# Names that no line of text can hold are nothing that is compiled.
test_odd_names() {
  local name
  write_stub 'return a + b;'
  for name in $'my\nnotes' $'my\tnotes' 'my\notes' 'my  notes é'; do
    touch "lessons/01_adding/$name.txt"
    expect 0 '2 of 2 points' ./workbook test 01
    rm "lessons/01_adding/$name.txt"
  done
}

# Some archives know nothing of who may run a file.
test_no_permissions() {
  chmod -x workbook common/cli/setup.sh common/workspace/stale_outputs.sh
  write_stub 'return a + b;'
  expect 0 '2 of 2 points' bash workbook test 01
  expect 0 'Next: lesson' bash workbook start
  chmod +x workbook
}

make_compiler_launcher
make_tree
for part in older_content older_target many_older_files older_header saved_while_it_is_compiled clock_set_back files_of_the_future clock_before_all_files older_command_line line_ends clone paths other_compiler other_system refused_compiler failed_configuration odd_names no_permissions; do
  echo "$part"
  "test_$part"
done
echo "$failures failures"
[ $failures = 0 ]
