# shellcheck shell=bash
# What tests of commands say with. To be sourced; the test ends with [ $failures = 0 ].
failures=0

fail() {
  echo "FAILED: $1" >&2
  [ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/    /' >&2
  failures=$((failures + 1))
}

# expect EXIT_CODE "regular expression" COMMAND...: what it prints, on either stream, has a line that matches.
expect() {
  local code=$1 pattern=$2 output got
  shift 2
  output=$("$@" 2>&1 </dev/null)
  got=$?
  [ "$got" = "$code" ] || fail "$*: expected exit code $code, got $got" "$output"
  grep -qE -- "$pattern" <<<"$output" || fail "$*: expected to read /$pattern/" "$output"
}

reject() { # "regular expression" COMMAND...
  local pattern=$1 output
  shift
  output=$("$@" 2>&1 </dev/null)
  ! grep -qE -- "$pattern" <<<"$output" || fail "$*: expected not to read /$pattern/" "$output"
}
