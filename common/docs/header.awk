# Doxygen's input filter for headers.
#   awk -f header.awk FILE
# The comment after #pragma once becomes the file's description, a shape behind a parameter its documentation, and what
# Doxygen would take for HTML or a command in a comment is taken literally.

$0 == "#pragma once" { print "/// @file"; next }

# "  const Tensor& q,  // [batch, heads, q_len, head_dim]"
/^ .*[a-z_],? +\/\/ \[/ || /^[A-Za-z].*\(.*[a-z_], +\/\/ \[/ { sub(/\/\/ \[/, "///< [") }

match($0, /\/\/\//) {
  code = substr($0, 1, RSTART - 1)
  comment = substr($0, RSTART)
  mark = comment ~ /^\/\/\/</ ? "///<" : "///"
  comment = substr(comment, length(mark) + 1)
  n = split(comment, part, "`")
  for (i = 1; i <= n; i += 2) {
    gsub(/[<>#]/, "\\\\&", part[i])
  }
  comment = part[1]
  for (i = 2; i <= n; ++i) comment = comment "`" part[i]
  $0 = code mark comment
}
{ print }
