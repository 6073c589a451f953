#include "common/cli/study/plain_page.h"

#include <algorithm>
#include <vector>

#include <fmt/core.h>

#include "common/system/text.h"

namespace workbook::cli::study {

using system::split_lines;
using system::trimmed;

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    if (c == '&')
      html += "&amp;";
    else if (c == '<')
      html += "&lt;";
    else if (c == '>')
      html += "&gt;";
    else if (c == '"')
      html += "&quot;";
    else
      html += c;
  }
  return html;
}

namespace {

/// The parts of a link or picture at the start of `text`: "[words](target)", and how long it is; 0 if there is none.
struct Link {
  std::string_view words, target;
  std::size_t length = 0;
};

Link link_at(std::string_view text) {
  const std::size_t middle = text.find("](");
  const std::size_t end = middle == text.npos ? text.npos : text.find(')', middle);
  if (!text.starts_with('[') || end == text.npos || text.substr(1, middle - 1).find('[') != text.npos) return {};
  return {text.substr(1, middle - 1), text.substr(middle + 2, end - middle - 2), end + 1};
}

/// What stands in a paragraph: code, emphasis, links and pictures.
class Inline {
 public:
  Inline(std::string_view text, const Address& address) : text_(text), address_(address) {}

  std::string html() {
    while (!text_.empty())
      if (!code() && !emphasis("**", "strong") && !emphasis("*", "em") && !picture() && !link()) take(1);
    return html_;
  }

 private:
  void take(std::size_t length) {
    html_ += escaped(text_.substr(0, length));
    text_.remove_prefix(length);
  }

  /// "`code`", also with more backticks; and a formula, in which a sign means nothing else.
  bool code() {
    const bool formula = text_.front() == '$';
    const std::size_t ticks = std::min(text_.find_first_not_of(formula ? '$' : '`'), text_.size());
    if (ticks == 0 || (formula && ticks > 2)) return false;
    const std::string_view fence = text_.substr(0, ticks);
    const std::size_t end = text_.find(fence, ticks);
    if (end == text_.npos) return false;
    html_ += fmt::format("<code>{}</code>", escaped(text_.substr(ticks, end - ticks)));
    text_.remove_prefix(end + ticks);
    return true;
  }

  bool emphasis(std::string_view sign, std::string_view tag) {
    if (!text_.starts_with(sign)) return false;
    const std::size_t end = text_.find(sign, sign.size());
    if (end == text_.npos || end == sign.size() || text_[sign.size()] == ' ') return false;
    html_ +=
        fmt::format("<{}>{}</{}>", tag, Inline(text_.substr(sign.size(), end - sign.size()), address_).html(), tag);
    text_.remove_prefix(end + sign.size());
    return true;
  }

  bool picture() {
    const Link found = text_.starts_with('!') ? link_at(text_.substr(1)) : Link{};
    if (found.length == 0) return false;
    const std::string source = address_(found.target);
    if (!source.empty()) html_ += fmt::format(R"(<img src="{}" alt="{}"/>)", escaped(source), escaped(found.words));
    text_.remove_prefix(found.length + 1);
    return true;
  }

  bool link() {
    const Link found = link_at(text_);
    if (found.length == 0) return false;
    const std::string words = Inline(found.words, address_).html();
    const bool web = found.target.starts_with("https://") || found.target.starts_with("http://");
    const std::string target = web ? std::string(found.target) : address_(found.target);
    html_ += target.empty() ? words : fmt::format(R"(<a href="{}">{}</a>)", escaped(target), words);
    text_.remove_prefix(found.length);
    return true;
  }

  std::string_view text_;
  const Address& address_;
  std::string html_;
};

/// The cells of "| a | b |".
std::vector<std::string_view> cells_of(std::string_view row) {
  row = trimmed(row);
  row.remove_prefix(1);
  if (row.ends_with('|')) row.remove_suffix(1);
  std::vector<std::string_view> cells;
  bool code = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= row.size(); ++i) {
    if (i < row.size() && row[i] == '`') code = !code;
    if (i < row.size() && (row[i] != '|' || code)) continue;
    cells.push_back(trimmed(row.substr(start, i - start)));
    start = i + 1;
  }
  return cells;
}

/// Length of a list's sign, "- " or "1. ", after blanks; 0 if the line begins no item.
std::size_t item_sign(std::string_view line) {
  const std::size_t margin = std::min(line.find_first_not_of(' '), line.size());
  const std::string_view rest = line.substr(margin);
  if (rest.starts_with("- ") || rest.starts_with("* ")) return margin + 2;
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  return digits > 0 && rest.substr(digits).starts_with(". ") ? margin + digits + 2 : 0;
}

/// Takes lines and writes a block for each stretch of them.
class Blocks {
 public:
  Blocks(std::vector<std::string> lines, const Address& address) : lines_(std::move(lines)), address_(address) {}

  std::string html() {
    while (at_ < lines_.size()) block();
    return html_;
  }

 private:
  std::string inline_of(std::string_view text) const { return Inline(text, address_).html(); }
  bool more() const { return at_ < lines_.size(); }

  void block() {
    const std::string_view line = lines_[at_];
    const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
    if (trimmed(line).empty() || line.starts_with("<!--"))
      ++at_;
    else if (line.starts_with("```"))
      fenced();
    else if (line.starts_with("    "))
      indented();
    else if (level >= 1 && level <= 4 && line.substr(level).starts_with(' '))
      html_ +=
          fmt::format("<h{0}>{1}</h{0}>\n", level, inline_of(trimmed(std::string_view(lines_[at_++]).substr(level))));
    else if (line.starts_with('|'))
      table();
    else if (line.starts_with('>'))
      quotation();
    else if (item_sign(line) > 0)
      list();
    else
      html_ += fmt::format("<p>{}</p>\n", inline_of(paragraph()));
  }

  /// Lines up to an empty one, or one that begins something else.
  std::string paragraph() {
    std::string text = lines_[at_++];
    while (more() && !trimmed(lines_[at_]).empty() && !lines_[at_].starts_with("```") &&
           !lines_[at_].starts_with('|') && !lines_[at_].starts_with('#') && !lines_[at_].starts_with('>') &&
           item_sign(lines_[at_]) == 0)
      text += '\n' + lines_[at_++];
    return text;
  }

  void fenced() {
    std::string code;
    for (++at_; more() && !lines_[at_].starts_with("```"); ++at_) code += lines_[at_] + '\n';
    ++at_;
    html_ += fmt::format("<pre>{}</pre>\n", escaped(code));
  }

  void indented() {
    std::string code;
    for (; more() && (lines_[at_].starts_with("    ") || trimmed(lines_[at_]).empty()); ++at_)
      code += lines_[at_].substr(std::min<std::size_t>(4, lines_[at_].size())) + '\n';
    html_ += fmt::format("<pre>{}\n</pre>\n", escaped(code.substr(0, code.find_last_not_of('\n') + 1)));
  }

  void table() {
    html_ += "<table>\n";
    for (int row = 0; more() && lines_[at_].starts_with('|'); ++row, ++at_) {
      if (row == 1) continue;  // |---|---|
      html_ += "<tr>";
      for (const std::string_view cell : cells_of(lines_[at_]))
        html_ += fmt::format("<{0}>{1}</{0}>", row == 0 ? "th" : "td", inline_of(cell));
      html_ += "</tr>\n";
    }
    html_ += "</table>\n";
  }

  void quotation() {
    std::vector<std::string> inside;
    for (; more() && lines_[at_].starts_with('>'); ++at_) inside.emplace_back(trimmed(lines_[at_].substr(1)));
    html_ += fmt::format("<blockquote>\n{}</blockquote>\n", Blocks(std::move(inside), address_).html());
  }

  void list() {
    const bool numbered = lines_[at_].find_first_of("-*") != lines_[at_].find_first_not_of(' ');
    html_ += numbered ? "<ol>\n" : "<ul>\n";
    while (more() && item_sign(lines_[at_]) > 0) {
      lines_[at_] = lines_[at_].substr(item_sign(lines_[at_]));
      html_ += fmt::format("<li>{}</li>\n", inline_of(paragraph()));
    }
    html_ += numbered ? "</ol>\n" : "</ul>\n";
  }

  std::vector<std::string> lines_;
  const Address& address_;
  std::size_t at_ = 0;
  std::string html_;
};

}  // namespace

std::string html_of_markdown(std::string_view markdown, const Address& address) {
  return Blocks(split_lines(markdown), address).html();
}

std::string plain_page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\" class=\"plain\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{}</title>\n<link "
      "rel=\"stylesheet\" href=\"/study/plain.css\"/>\n</head>\n"
      "<body>\n<div id=\"doc-content\">\n<div class=\"contents\">\n{}</div>\n</div>\n</body>\n</html>\n",
      escaped(title), body);
}

}  // namespace workbook::cli::study
