#!/bin/bash
# shellcheck disable=SC2016 # dollars that are meant literally
# The settings for editors: what a task's problem matchers find in what `./workbook test` prints, and whether what the
# tasks and the debugger's settings name is there.
#   editor_test.sh REPOSITORY COMMAND_LINE_PROGRAM
# shellcheck source=common/cli/tests/miniature.sh
. "$(dirname -- "$(readlink -f -- "$0")")/miniature.sh"

finds() { # "file:line: severity: message" COMMAND...: as the first problem
  local problem=$1 output got
  shift
  output=$("$@" 2>&1 </dev/null)
  got=$(python3 "$here/problems_of_task.py" "$repository/.vscode/tasks.json" 'workbook: test this lesson' <<<"$output")
  [ "${got%%$'\n'*}" = "$problem" ] || fail "expected the problem \"$problem\", found \"$got\"" "$output"
}

test_json() {
  local file
  for file in "$repository"/.vscode/*.json; do
    python3 -m json.tool "$file" >/dev/null || fail "$file is strict JSON"
  done
}

# Each word that a task hands to ./workbook first is a command.
test_commands() {
  local command
  for command in $(python3 -c '
import json, sys
for task in json.load(open(sys.argv[1]))["tasks"]:
    if task["command"].endswith("/workbook"):
        print(task["args"][0])' "$repository/.vscode/tasks.json"); do
    expect 0 "^Usage: ./workbook $command" ./workbook "$command" --help
  done
}

test_problems() {
  local folder=lessons/01_adding # what ${relativeFileDirname} is
  write_stub 'return a + c;'
  finds "$stub:3: error: 'c' was not declared in this scope" ./workbook test "$folder"
  write_stub 'int unused; return a + b;'
  finds "$stub:3: warning: unused variable 'unused' [-Wunused-variable]" ./workbook test "$folder"
  write_stub 'return *static_cast<volatile int*>(nullptr) + a + b;'
  finds "$stub:3: error: load of null pointer of type 'volatile int'" ./workbook test "$folder"
  write_stub 'return a + b;'
  finds '' ./workbook test "$folder"
  # The simulator's faults, as lessons show them.
  finds 'cuda_softmax.cu:21: error: kernel scale_kernel, block (1, 0, 0), thread (1, 0, 0)' \
    grep -m 1 -A 2 'cuda_softmax.cu:21' "$repository/lessons/14_cuda_softmax/README.md"
}

# What the debugger is started with is what its task builds.
test_debugger() {
  local build lesson made
  build=$(dirname "$(dirname "$program")")
  for lesson in 01_stable_softmax 14_cuda_softmax; do
    made=$(python3 -c '
import json, sys
folder, lesson = sys.argv[1:]
read = lambda name: json.loads(open(f"{folder}/{name}.json").read().replace("${fileDirnameBasename}", lesson))
debugger = read("launch")["configurations"][0]
task, = [task for task in read("tasks")["tasks"] if task["label"] == debugger["preLaunchTask"]]
print(*[word for word in task["args"] if word.startswith(lesson)])
print(debugger["program"], debugger["args"][-1])' "$repository/.vscode" "$lesson")
    # shellcheck disable=SC2086 # several targets
    output=$(ninja -C "$build" -t query ${made%$'\n'*} 2>&1) || fail "the debugger's task builds $lesson" "$output"
    for file in ${made#*$'\n'}; do
      grep -qF " ${file#'${workspaceFolder}/build/'}" <<<"$output" || fail "its task builds $file" "$output"
    done
  done
}

command -v python3 >/dev/null || { echo 'skipped: no python3 here' && exit 0; }
make_tree
for part in json commands problems debugger; do
  echo "$part"
  "test_$part"
done
echo "$failures failures"
[ $failures = 0 ]
