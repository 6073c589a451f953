#!/bin/bash
# Tests that run side by side say what they say one after the other.
#   side_by_side_test.sh CHECKER RIGHT_PLUGIN WRONG_PLUGIN PROBE_CHECKER PROBE_PLUGIN RACES_CHECKER RACES_PLUGIN
# WRONG_PLUGIN fails in many tests; the probe is another contract, some of whose tests load the counting flavour; tests of
# the last one load that for races, too.
set -uo pipefail
checker=$1 right=$2 wrong=$3 probe_checker=$4 probe=$5 races_checker=$6 races=$7
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() {
  echo "FAILED: $1"
  failures=$((failures + 1))
}

judge() { # NAME PLUGIN OPTION...: the report in NAME.report without what differs from run to run, the text in NAME.text
  local name=$1 plugin=$2
  shift 2
  "$checker" --plugin "$plugin" --report "$scratch/report" "$@" >"$scratch/$name.text" 2>"$scratch/$name.errors"
  local code=$?
  sed -E 's/"(duration_s|starting_s)":[^,}]+//g' "$scratch/report" >"$scratch/$name.report"
  return $code
}
same() { # NAME NAME WHAT
  cmp -s "$scratch/$1" "$scratch/$2" || fail "$3: $(diff "$scratch/$1" "$scratch/$2" | head -n 5)"
}
names() { sed -nE 's/.*"event":"test".*/&/; s/^\{"id":"[^"]*","name":"([^"]*)".*/\1/p' "$scratch/$1.report"; }

for plugin in right wrong; do
  judge "$plugin" "${!plugin}" --jobs 1
  one=$?
  judge "$plugin.3" "${!plugin}" --jobs 3
  [ $? = $one ] || fail "the exit code of $plugin does not depend on --jobs"
  same "$plugin.report" "$plugin.3.report" "the report of $plugin does not depend on --jobs"
  same "$plugin.text" "$plugin.3.text" "the text of $plugin does not depend on --jobs"
done

last=$(names right | tail -n 1)
judge first "$right" --jobs 2 --first "$last" --first "no test has this name"
[ "$(names first | head -n 1)" = "$last" ] || fail "--first lets \"$last\" begin, not \"$(names first | head -n 1)\""
[ "$(names first | sort)" = "$(names right | sort)" ] || fail "--first changes the order and nothing else"

# Who follows a run knows its tests from the first line, in the order of the files, and gets each once.
judge follow "$right" --jobs 3 --first "$last" --follow
planned=$(head -n 1 "$scratch/follow.report" | grep -oE '"name":"[^"]*"' | cut -d'"' -f4)
[ "$planned" = "$(names right)" ] || fail "--follow names the tests first"
[ "$(names follow | sort)" = "$(names right | sort)" ] || fail "--follow tells each test once"

# Failures are told below the list, the first few of them.
judge few "$wrong" --jobs 2 --most-told 2
failed=$(grep -c '^  ✗' "$scratch/wrong.text")
[ "$failed" -gt 10 ] || fail "expected more than five failures, twice each, found $failed lines"
[ "$(grep -c '^  ✗' "$scratch/few.text")" = $((failed / 2 + 2)) ] || fail "--most-told 2 tells two failures"
grep -q "^  $((failed / 2 - 2)) more failed; --all tells why.$" "$scratch/few.text" || fail "the others are counted"
sed -n '/^$/,$p' "$scratch/few.text" | grep -q '^  ✓' && fail "no test is listed below the first failure"

# A test that cannot be judged is nobody's failure.
judge foreign "$probe" --jobs 2 && fail "a plugin of another contract is judged"
grep -q 'was built for another contract' "$scratch/foreign.errors" || fail "another contract is named as the reason"
grep -q '"event":"end"' "$scratch/foreign.report" && fail "a run that failed has no end"

# Tests that load another flavour wait until it has been built, and are not judged if it cannot be. In a new build folder
# its worker may be missing until then, too.
mkfifo "$scratch/rest"
exec 3<>"$scratch/rest"
ln -s "$(dirname "$checker")/../../bin/worker" "$scratch/worker"
begins_early() { # CHECKER PLUGIN TAG...: tests with one of these tags wait
  local checker=$1 plugin=$2 tags total tagged told=0 waiting early=""
  shift 2
  tags=$(printf '|"%s"' "$@")
  tags=${tags#|}
  total=$("$checker" --list | grep -oE '"id":' | wc -l)
  tagged=$("$checker" --list | grep -oE "$tags" | wc -l)
  [ "$tagged" -gt 0 ] || fail "there are tests tagged $tags"
  waiting=$((total - tagged))
  while IFS= read -r line; do
    [[ $line == *'"event":"test"'* ]] || continue
    told=$((told + 1))
    [ $told -gt $waiting ] || early+=$line
    [ $told != $waiting ] || printf b >&3
  done < <("$checker" --plugin "$plugin" --worker "$scratch/worker" --hidden --jobs 2 --quiet --follow --report /dev/stdout --rest-of-build "$scratch/rest")
  [ $told = "$total" ] || fail "--rest-of-build: expected $total tests, found $told"
  ! grep -qE "$tags" <<<"$early" || fail "a test waits for the flavour that it loads ($tags)"
}
begins_early "$probe_checker" "$probe" count
begins_early "$races_checker" "$races" count tsan
for word in x ''; do # the build failed; whoever built has ended
  "$probe_checker" --plugin "$probe" --jobs 2 --rest-of-build <(printf %s "$word") --report "$scratch/report" >"$scratch/text" 2>&1
  [ $? = 70 ] || fail "--rest-of-build: expected exit code 70 after '$word'"
  grep -q '"event":"end"' "$scratch/report" && fail "a run whose build failed has no end"
done

echo "$failures failures"
[ $failures = 0 ]
