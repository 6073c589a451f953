#!/bin/bash
# Builds the documentation; warnings are errors.
#   build.sh FOLDER BENCH        writes the pages to FOLDER/html; BENCH, the benchmark's program, draws its report
set -euo pipefail
export LC_ALL=C.UTF-8
DOCS_ROOT=$(readlink -f -- "$(dirname -- "$0")/../..")
mkdir -p "$1"
# Doxygen takes a space in a path for the end of it; a link has none.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ln -s "$(readlink -f -- "$1")" "$scratch/docs"
bench=$(readlink -f -- "$2")
DOCS_OUT=$scratch/docs
export DOCS_ROOT DOCS_OUT
cd "$DOCS_ROOT"
if ! missing=$(common/cli/setup.sh --missing docs); then
  echo "not built: $missing missing"
  exit 77
fi
exec 9>"$DOCS_OUT/.lock"
flock 9
mathjax=/usr/share/javascript/mathjax

# The lessons, by folder.
{
  printf '/** @page lessons Lessons\n'
  for readme in lessons/[0-9][0-9]_*/README.md; do
    id=$(basename "$(dirname "$readme")")
    printf -- '- @subpage lesson_%s\n' "$id"
  done
  printf '*/\n'
} >"$DOCS_OUT/lessons.dox"

# Doxygen's own page header, with our scripts.
doxygen -w html "$DOCS_OUT/header.html" "$DOCS_OUT/footer.html" "$DOCS_OUT/stylesheet.css" docs/Doxyfile >/dev/null
# shellcheck disable=SC2016 # $relpath is Doxygen's
scripts='<script src="$relpath^doxygen-awesome-darkmode-toggle.js"></script><script>DoxygenAwesomeDarkModeToggle.init()</script><script src="$relpath^interactive.js"></script>'
sed -i "s|</head>|<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>$scripts</head>|" "$DOCS_OUT/header.html"
sed -i '/<li class="footer">/d' "$DOCS_OUT/footer.html"

rm -rf "$DOCS_OUT/html"
doxygen docs/Doxyfile

html=$DOCS_OUT/html
cat docs/interactive/common.js docs/interactive/[!c]*.js >"$html/interactive.js"
for image in docs/figures/*.svg lessons/*/*.svg; do cp "$image" "$html/${image//\//-}"; done

# The benchmark's report is a page of its own, made from every result that is kept.
shopt -s nullglob
results=(docs/results/*.json docs/results/gpu/*/benchmark.json)
shopt -u nullglob
"$bench" report "${results[@]}" --output "$html/report.html"

# Of MathJax, what formulas drawn as SVG need.
mkdir -p "$html/mathjax/jax/output" "$html/mathjax/jax/input"
cp -r "$mathjax"/{MathJax.js,extensions} "$html/mathjax/"
cp -r "$mathjax/jax/element" "$html/mathjax/jax/"
cp -r "$mathjax/jax/input/TeX" "$html/mathjax/jax/input/"
mkdir -p "$html/mathjax/jax/output/SVG/fonts"
cp -r "$mathjax"/jax/output/SVG/{autoload,*.js} "$html/mathjax/jax/output/SVG/"
cp -r "$mathjax/jax/output/SVG/fonts/TeX" "$html/mathjax/jax/output/SVG/fonts/"

# Doxygen gives each Markdown file a second, empty page ("README.md File Reference"), to which only the search leads.
rm -f "$html"/*_8md.html "$html"/*_8dox.html
sed -i '/_8\(md\|dox\)\.html/d' "$html"/search/*.js

# A class's page lists its members; it needs no second one that lists them again.
rm -f "$html"/*-members.html
sed -Ezi 's/( &#124;)?\s*<a href="[^"]*-members.html">List of all members<\/a>//g' "$html"/*.html

# Pages without a formula need none of it.
grep -LF -e '\(' -e '\[' "$html"/*.html | xargs -d '\n' sed -i '/src="[^"]*MathJax\.js"/d'
