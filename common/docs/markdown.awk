# Doxygen's input filter for Markdown: what a code host shows, in the words Doxygen understands.
#   awk -f markdown.awk FILE        with DOCS_ROOT, the repository, in the environment
# Outside of code, $...$ and $$...$$ become formulas, a link to a page becomes a reference, an SVG becomes an image whose
# colours follow the page, and <!-- interactive: name --> the place of an interactive figure. <!-- site: text --> is Markdown
# for the site alone: it may link to a page that only the site has.

BEGIN {
  file = ARGV[1]
  if (index(file, ENVIRON["DOCS_ROOT"] "/") == 1) file = substr(file, length(ENVIRON["DOCS_ROOT"]) + 2)
  folder = file ~ /\// ? file : ""
  sub(/[^\/]*$/, "", folder)
}

# "docs/../lessons/04_x/README.md" is "lessons/04_x/README.md".
function tidy(path) {
  gsub(/\/\.\//, "/", path)
  while (match(path, /[^\/]+\/\.\.\//)) path = substr(path, 1, RSTART - 1) substr(path, RSTART + RLENGTH)
  return path
}

# A page's name in the site: lessons/04_x/README.md is lesson_04_x, docs/glossary.md is glossary.
function page_id(path) {
  if (path == "README.md") return "mainpage"
  if (path == "docs/README.md") return "guides"
  if (path ~ /^lessons\/[^\/]*\/README\.md$/) { split(path, part, "/"); return "lesson_" part[2] }
  sub(/.*\//, "", path)
  sub(/\.md$/, "", path)
  return path
}

function formula(text) {
  gsub(/\n/, " ", text)
  # MathJax 2 takes \_ inside of \text literally.
  while (match(text, /\\text\{[^}]*\\_/)) text = substr(text, 1, RSTART + RLENGTH - 3) substr(text, RSTART + RLENGTH - 1)
  return text
}

function image(alt, path,   name) {
  name = tidy(folder path)
  gsub(/\//, "-", name)
  gsub(/"/, "\\&quot;", alt)
  return "<div class=\"figure\"><img src=\"" name "\" alt=\"" alt "\"/></div>"
}

function link(words, target,   path) {
  if (target ~ /^[a-z]+:/) return "[" words "](" target ")"
  path = target
  sub(/#.*/, "", path)
  path = tidy(folder path)
  gsub(/`/, "", words)
  if (path ~ /\.md$/) return (file == "docs/README.md" ? "@subpage " : "@ref ") (path == "README.md" ? "index" : page_id(path)) " \"" words "\""
  if (path ~ /\.html$/) { sub(/.*\//, "", path); return "<a href=\"" path "\">" words "</a>" }
  return words
}

# Length of the code span at the start of `text`, with its backticks; 0 if it does not end.
function code_span(text,   ticks, rest, from, at) {
  match(text, /^`+/)
  ticks = substr(text, 1, RLENGTH)
  from = RLENGTH
  rest = substr(text, from + 1)
  while (match(rest, /`+/)) {
    at = RSTART + RLENGTH - 1
    if (RLENGTH == length(ticks)) return from + at
    from += at
    rest = substr(rest, at + 1)
  }
  return 0
}

function convert(text,   done, n, words) {
  done = ""
  bold = 0
  while (match(text, /[`$@]|!?\[|\*\*/)) {
    done = done substr(text, 1, RSTART - 1)
    text = substr(text, RSTART)
    if (text ~ /^`/ && (n = code_span(text)) > 0) {
      done = done substr(text, 1, n)
      text = substr(text, n + 1)
    } else if (text ~ /^\*\*/) { # Doxygen does not know ** beside a code span
      bold = !bold
      done = done (bold ? "<b>" : "</b>")
      text = substr(text, 3)
    } else if (text ~ /^\$\$/ && (n = index(substr(text, 3), "$$")) > 0) {
      done = done "@f[" formula(substr(text, 3, n - 1)) "@f]"
      text = substr(text, n + 4)
    } else if (text ~ /^\$[^ $]/ && (n = index(substr(text, 2), "$")) > 0) {
      done = done "@f$" formula(substr(text, 2, n - 1)) "@f$"
      text = substr(text, n + 2)
    } else if (match(text, /^!?\[([^]\[`]|`[^`]*`)*\]\([^)]*\)/)) {
      n = RLENGTH
      words = substr(text, 1, n)
      sub(/^!?\[/, "", words)
      target = words
      sub(/\]\([^)]*\)$/, "", words)
      target = substr(target, length(words) + 3)
      sub(/\)$/, "", target)
      gsub(/\n/, " ", words)
      done = done (text ~ /^!/ ? image(words, target) : link(words, target))
      text = substr(text, n + 1)
    } else {
      done = done (text ~ /^@/ ? "\\" : "") substr(text, 1, 1)
      text = substr(text, 2)
    }
  }
  return done text
}

function flush() {
  if (paragraph != "") printf "%s", convert(paragraph)
  paragraph = ""
}

/^ *(```|~~~)/ { flush(); fenced = !fenced; print; next }
fenced { print; next }
/^    / && paragraph == "" { print; next }
/^<!-- interactive: [a-z_]+ -->$/ {
  flush()
  print "@htmlonly <div class=\"interactive\" data-figure=\"" $3 "\"></div> @endhtmlonly"
  next
}
/^<!-- site: .* -->$/ { sub(/^<!-- site: /, ""); sub(/ -->$/, "") }
/^# / && !titled { titled = 1; $0 = $0 " {#" page_id(file) "}" }
/^[ \t]*$/ { flush(); print; next }
{ paragraph = paragraph $0 "\n" }

END {
  flush()
  if (page_id(file) ~ /^lesson_/) {
    name = page_id(file)
    sub(/^lesson_.._/, "", name)
    print "\n## The contract\n\n@ref workbook::" name " says what each function owes you.\n"
  }
}
