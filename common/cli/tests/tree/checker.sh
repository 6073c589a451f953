#!/bin/bash
# The checker's interface, judged by a worker's exit code. One test: "two and three".
set -u
hidden=no report=/dev/null quiet=no plugin='' worker=''
while [ $# -gt 0 ]; do
  case $1 in
    --plugin) plugin=$2 && shift ;;
    --worker) worker=$2 && shift ;;
    --report) report=$2 && shift ;;
    --seed | --test) shift ;;
    --hidden) hidden=yes ;;
    --quiet) quiet=yes ;;
    --list) echo '[{"id":"two-and-three","name":"two and three","group":"basic","function":"add","points":2}]' && exit ;;
  esac
  shift
done
output=$(mktemp) && trap 'rm -f "$output"' EXIT
"$worker" "$plugin" >"$output" 2>&1 &
wait $!
case $? in
  0) verdict=passed points=2 passed=1 ;;
  1) verdict=wrong points=0 passed=0 ;;
  10) verdict=not_started points=0 passed=0 ;;
  70) exit 70 ;;
  *) verdict=crashed points=0 passed=0 ;;
esac
[ $quiet = yes ] || echo "  $verdict: two and three (hidden: $hidden)"
text=$(awk '{gsub(/[\\"]/, "\\\\&"); gsub(/\t/, " "); printf "%s\\n", $0}' "$output")
cat >>"$report" <<JSON
{"event":"run","tests":1}
{"event":"test","id":"two-and-three","name":"two and three","function":"add","verdict":"$verdict","points":$points,"max_points":2,"message":"$text","output":""}
{"event":"end","verdict":"$verdict","passed":$passed,"total":1,"points":$points,"max_points":2}
JSON
