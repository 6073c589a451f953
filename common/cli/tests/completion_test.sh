#!/bin/bash
# shellcheck disable=SC2016 # backquotes and dollars that are meant literally, or for another shell
# Completes in bash, and in zsh and fish where these are installed, as a shell does when somebody presses Tab.
#   completion_test.sh REPOSITORY COMMAND_LINE_PROGRAM
# shellcheck source=common/cli/tests/miniature.sh
. "$(dirname -- "$(readlink -f -- "$0")")/miniature.sh"

# What a shell offers for a command line, a candidate in a line, and whatever else it would say to the terminal.
in_bash() { # COMMAND_LINE
  bash --norc -c '
    source completion.bash
    read -ra COMP_WORDS <<<"${1//\\ /@}"
    COMP_WORDS=("${COMP_WORDS[@]//@/\\ }")
    [[ $1 != *" " ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    handler=$(complete -p workbook) handler=${handler#complete -F } handler=${handler% workbook}
    "$handler" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>&1
    printf "%s\n" "${COMPREPLY[@]}"' _ "$1"
}
in_fish() { fish --no-config -c 'source completion.fish; complete -C "$argv[1]"' "$1" 2>&1 | cut -f 1; }

# What Tab leaves on the command line of a shell that has a terminal.
tab_in_bash() { # COMMAND_LINE
  rm -f tabbed
  cat >"$scratch/tab.bash" <<'END'
source completion.bash
keep() { printf %s "$READLINE_LINE" >tabbed && exit; }
bind -x '"\C-xk": keep'
END
  printf '%s\t\030k' "$1" | timeout 60 script -qec "bash --rcfile '$scratch/tab.bash' -i" /dev/null >"$scratch/tab.log" 2>&1
  cat tabbed
}
tab_in_zsh() { # COMMAND_LINE
  rm -f tabbed
  cat >"$scratch/tab.zsh" <<'END'
zmodload zsh/zpty
zpty shell 'TERM=dumb zsh -f -i'
zpty -w shell 'source completion.zsh; keep() { print -rn -- "$BUFFER" >tabbed; exit }; zle -N keep; bindkey "^Xk" keep'
zpty -w -n shell "$1"$'\t\030k'
while zpty -r shell output; do print -rn -- "$output"; done
END
  timeout 60 zsh -f "$scratch/tab.zsh" "$1" >"$scratch/tab.log" 2>&1
  cat tabbed
}

# COMMAND_LINE CANDIDATE...: all that is offered, in any order.
offers() { # SHELL COMMAND_LINE CANDIDATE...
  local shell=$1 line=$2 got
  shift 2
  got=$("in_$shell" "$line" | sort | xargs)
  [ "$got" = "$(printf '%s\n' "$@" | sort | xargs)" ] || fail "$shell: $line" "expected: $*
offered:  $got"
}

test_script() {
  local shell
  for shell in bash zsh fish; do
    expect 0 "^# .*\./workbook completion $shell" ./workbook completion "$shell"
    expect 0 "^# .*\./workbook completion $shell" env SHELL="/bin/$shell" ./workbook completion
    ./workbook completion "$shell" >"completion.$shell"
  done
  expect 2 'expected completion for bash, zsh or fish, as in `./workbook completion bash`; found "csh"' ./workbook completion csh
  expect 2 'found \$SHELL /bin/tcsh' env SHELL=/bin/tcsh ./workbook completion
  expect 2 'found no \$SHELL' env -u SHELL ./workbook completion
  expect 0 '^02.adding_more.' ./workbook completion lessons
  if command -v shellcheck >/dev/null; then expect 0 '^$' shellcheck -s bash completion.bash; fi
}

# What every shell offers alike.
test_alike() { # SHELL
  local shell=$1
  offers "$shell" './workbook nex' next
  offers "$shell" './workbook hint adding_' adding_more
  offers "$shell" "${tree// /\\ }/workbook hint adding_" adding_more
  offers "$shell" './workbook test al' all
  offers "$shell" './workbook diff al'
  offers "$shell" './workbook test 01 --in' --in-process
  offers "$shell" './workbook test --impl so' solution
  offers "$shell" './workbook test --seed 3 --impl mine al' all
  offers "$shell" './workbook hint 01 adding_'
  offers "$shell" './workbook gpu pa' pack
  cp completion.* lessons && cd lessons && offers "$shell" '../workbook hint adding_' adding_more && rm completion.* && cd ..
  offers "$shell" './nowhere/workbook hint adding_'
}

test_bash() {
  test_alike bash
  offers bash './workbook test 0' 01 02
  offers bash './workbook verify ' 01 adding 02 adding_more
  offers bash './workbook test --impl = s' solution # as bash cuts --impl=s
  offers bash './workbook test --impl =' mine solution
  offers bash './workbook submit -o comm' common
  offers bash './workbook completion ' bash zsh fish
  offers bash './workbook release --solutions ' 01 02
  offers bash './workbook nonsense '
  # shellcheck disable=SC2046 # several words
  offers bash './workbook ' $(sed -n 's/^    Command{"\([a-z]*\)".*/\1/p' "$repository/common/cli/command.h")
}

test_fish() {
  command -v fish >/dev/null || { echo 'skipped: no fish here' && return; }
  test_alike fish
  offers fish './workbook submit -o comm' common/
  offers fish './workbook test 0' 01 02
  offers fish './workbook verify ' 01 adding 02 adding_more
  offers fish './workbook test --impl=s' --impl=solution
}

completes() { # SHELL COMMAND_LINE COMPLETED
  local got
  got=$("tab_in_$1" "$2" 2>&1)
  [ "$got" = "$3" ] || fail "$1: $2 and Tab: expected \"$3\", got \"$got\"" "$(cat -v "$scratch/tab.log")"
}

test_terminal() {
  local shell path="${tree// /\\ }/workbook"
  for shell in bash zsh; do
    command -v $shell >/dev/null || { echo "skipped: no $shell here" && continue; }
    completes $shell './workbook nex' './workbook next '
    completes $shell './workbook hint adding_' './workbook hint adding_more '
    completes $shell "$path hint adding_" "$path hint adding_more "
    completes $shell './workbook test --seed 3 al' './workbook test --seed 3 all '
    completes $shell './workbook test --impl so' './workbook test --impl solution '
    completes $shell './workbook test 01 --in' './workbook test 01 --in-process '
    completes $shell './workbook gpu pa' './workbook gpu pack '
    completes $shell './workbook submit -o comm' './workbook submit -o common/'
    completes $shell './nowhere/workbook hint adding_' './nowhere/workbook hint adding_'
  done
}

# A new command line is not built, and a broken lesson is not spoken of, while somebody types.
test_quietly() {
  touch common/cli/main.cpp
  offers bash './workbook hint adding_' adding_more
  expect 0 '^02' ./workbook completion lessons
  reject 'building' ./workbook completion lessons
  ./workbook next >/dev/null 2>&1
  echo '{' >lessons/01_adding/lesson.json
  offers bash './workbook hint 0' 02
  mv build/bin "$scratch/bin"
  offers bash './workbook hint 0'
  mv "$scratch/bin" build/bin
}

test_edition() {
  rm -rf solutions
  echo '{"format": 1}' >.edition.json
  expect 0 '^# ' ./workbook completion bash
  ./workbook completion bash >completion.bash
  offers bash './workbook rel'
  offers bash './workbook test --impl ' mine
  mkdir solutions
  ./workbook completion bash >completion.bash
  offers bash './workbook test --impl ' mine solution
}

make_tree
for part in script bash fish terminal quietly edition; do
  echo "$part"
  "test_$part"
done
echo "$failures failures"
[ $failures = 0 ]
