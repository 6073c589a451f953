# Makes one source file of the C++ fragments of a Markdown file.
#   awk -f fragments.awk FILE.md
# A fragment that begins like a declaration is the contents of a file; any other is statements in a function of its own.
# A comment before it, <!-- given: Tensor q, k; -->, declares what it takes for granted.

function is_file(code,   first) {
  first = code
  sub(/^([ \t]*\/\/[^\n]*\n|[ \t]*\n)*/, "", first)
  sub(/\n.*/, "", first)
  if (first ~ /^(for|while|if|switch) /) return 0
  return first ~ /^(#include|TEST_CASE|namespace|template|struct|class|enum|inline|using) ?/ || first ~ /^[A-Za-z].*\) (const )?\{$/
}

/^<!-- given: .* -->$/ {
  given = $0
  sub(/^<!-- given: /, "", given)
  sub(/ -->$/, "", given)
  next
}
/^```cpp$/ { inside = 1; code = ""; line = FNR + 1; next }
/^```$/ && inside {
  inside = 0
  ++count
  if (is_file(code)) printf "#line %d \"%s\"\n%s\n%s", line - 1, FILENAME, given, code
  else printf "auto fragment_%d() {\n#line %d \"%s\"\n%s\n%s}\n", count, line - 1, FILENAME, given, code
  given = ""
  next
}
inside { code = code $0 "\n"; next }
/[^ ]/ { given = "" }
