/// Markdown as a plain page.

#include "common/cli/study/plain_page.h"

#include "common/checker/catch.h"

using namespace workbook::cli::study;

namespace {

std::string html(std::string_view markdown) {
  return html_of_markdown(
      markdown, [](std::string_view target) { return target == "figure.svg" ? "/here-figure.svg" : std::string(); });
}

}  // namespace

TEST_CASE("text is escaped wherever it stands", "[study]") {
  CHECK(escaped(R"(<a href="x">&</a>)") == "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;");
  for (const char* text :
       {"<script>x</script>", "# <script>", "- <script>", "> <script>", "    <script>", "```\n<script>\n```",
        "| <script> |\n|---|\n| <script> |", "`<script>`", "**<script>**", "[<script>](https://example.org)",
        "![<script>](figure.svg)", "[x](https://example.org/\"<script>)", "$<script>$", "1. <script>"}) {
    CAPTURE(text);
    CHECK(html(text).find("<script") == std::string::npos);
    CHECK(html(text).find("&lt;script") != std::string::npos);
  }
}

TEST_CASE("blocks become what they are", "[study]") {
  CHECK(html("# Title\n\nOne\ntwo.\n") == "<h1>Title</h1>\n<p>One\ntwo.</p>\n");
  CHECK(html("    a  b\n      c\n\ntext") == "<pre>a  b\n  c\n</pre>\n<p>text</p>\n");
  CHECK(html("```cpp\nint a;\n\n# no title\n```\n") == "<pre>int a;\n\n# no title\n</pre>\n");
  CHECK(html("| a | `b|c` |\n|---|---|\n| 1 | 2 |\n") ==
        "<table>\n<tr><th>a</th><th><code>b|c</code></th></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>\n");
  CHECK(html("- one\n  more\n- two\n") == "<ul>\n<li>one\n  more</li>\n<li>two</li>\n</ul>\n");
  CHECK(html("1. one\n2. two - three\n") == "<ol>\n<li>one</li>\n<li>two - three</li>\n</ol>\n");
  CHECK(html("> **Predict.** (a)\n> more\n") ==
        "<blockquote>\n<p><strong>Predict.</strong> (a)\nmore</p>\n</blockquote>\n");
  CHECK(html("<!-- interactive: head_map -->\n").empty());
}

TEST_CASE("links lead to pages that are there, pictures to their files", "[study]") {
  CHECK(html("![alt](figure.svg)") == "<p><img src=\"/here-figure.svg\" alt=\"alt\"/></p>\n");
  CHECK(html("[web](https://example.org)") == "<p><a href=\"https://example.org\">web</a></p>\n");
  CHECK(html("[guide](../docs/x.md)") == "<p>guide</p>\n");
  CHECK(html("[run](javascript:x)") == "<p>run</p>\n");
}

TEST_CASE("signs that open nothing stay as they are", "[study]") {
  CHECK(html("2 * 3 * 4, a_b, `open, [x], 5 $") == "<p>2 * 3 * 4, a_b, `open, [x], 5 $</p>\n");
  CHECK(html("$a * b * c$ and $$x$$") == "<p><code>a * b * c</code> and <code>x</code></p>\n");
}
