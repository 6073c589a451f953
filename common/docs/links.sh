#!/bin/bash
# shellcheck disable=SC2016 # backquotes of Markdown
# Every relative link of the Markdown files leads somewhere, and every `./workbook command` they name exists.
set -euo pipefail
cd "$(dirname "$0")/../.."
failed=0

complain() {
  echo "$1"
  failed=1
}

# The anchors that a code host gives the headings.
anchors() {
  sed -n '/^```/,/^```/d; s/^#\{1,6\} //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

commands=$(sed -n 's/^    Command{"\([a-z]*\)".*/\1/p' common/cli/command.h)
for text in README.md docs/*.md lessons/*/README.md; do
  folder=$(dirname "$text")
  while read -r link; do
    case $link in [a-z]*:* | '') continue ;; esac
    path=${link%%#*} anchor=
    case $link in *#*) anchor=${link#*#} ;; esac
    target=$folder/${path:-$(basename "$text")}
    [ -e "$target" ] || complain "$text: links to $link, which is not there"
    [ -z "$anchor" ] || anchors "$target" | grep -qx -- "$anchor" || complain "$text: links to $link, which has no such heading"
  done < <(sed 's/`[^`]*`//g' "$text" | grep -oE '\]\([^) ]+\)' | sed 's/^](//; s/)$//')
  while read -r command; do
    grep -qx -- "$command" <<<"$commands" || complain "$text: names ./workbook $command, which is no command"
  done < <(grep -oE '\./workbook [a-z]+' "$text" | cut -d' ' -f2 | sort -u)
done
exit $failed
