#!/bin/bash
# Opens every page of the documentation in a browser without a window: nothing missing, no formula unrendered, no message
# on the console, readable in light and dark, on a desktop and on a phone; and drives the interactive figures.
#   browser_check.sh FOLDER EXPECTED        FOLDER as build.sh made it; EXPECTED prints the figures' numbers
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
if ! missing=$("$here/../cli/setup.sh" --missing docs browser); then
  echo "not checked: $missing missing"
  exit 77
fi
folder=$(readlink -f -- "$1")
expected=$2
page=file://${folder// /%20}/check.html
scratch=$(mktemp -d)
browser=
trap '[ -z "$browser" ] || kill "$browser" 2>/dev/null; wait; rm -rf "$scratch"' EXIT

{
  printf '<!DOCTYPE html><meta charset="utf-8"><title>check</title><body><script>\nconst pages = [\n'
  (cd "$folder/html" && find . -maxdepth 1 -name '*.html' | sort | sed 's|^\./\(.*\)|"\1",|')
  printf '];\nconst expected = '
  "$expected"
  printf ';\n'
  cat "$here/browser_check.js"
  printf '</script>\n'
} >"$folder/check.html"

sandbox=()
if [ "$(id -u)" = 0 ]; then sandbox=(--no-sandbox); fi # Chromium refuses root its sandbox; the pages are our own
chromium --headless "${sandbox[@]}" --disable-gpu --no-first-run --user-data-dir="$scratch/profile" \
  --remote-debugging-port=0 --allow-file-access-from-files --enable-logging=stderr --window-size=1400,1000 \
  "$page" 2>"$scratch/log" &
browser=$!

seconds=900 # some hundred pages, on a machine that may have other work
until grep -q 'CHECK done' "$scratch/log"; do
  if ! kill -0 "$browser" 2>/dev/null || [ $((seconds -= 1)) = 0 ]; then
    tail -n 20 "$scratch/log"
    echo "the browser did not finish"
    exit 1
  fi
  sleep 1
done
# Everything on the console is a problem, but for the check's own last line.
sed -n 's/.*:CONSOLE[:(0-9)]*\] "\(.*\)", source: \(.*\)$/\1   \2/p' "$scratch/log" | sed "s|   $page.*||" >"$scratch/console"
cat "$scratch/console"
[ "$(wc -l <"$scratch/console")" = 1 ] && grep -q '^CHECK done.* 0 problems$' "$scratch/console"
