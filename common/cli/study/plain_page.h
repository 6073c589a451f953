#pragma once
/// Markdown as a plain page, for machines without the tools of the documentation: headings, paragraphs, code, tables,
/// lists, quotations and pictures. Formulas stay as they are written.

#include <functional>
#include <string>
#include <string_view>

namespace workbook::cli::study {

/// `text` with every sign that HTML would read for itself escaped.
std::string escaped(std::string_view text);

/// Where a link of a text leads on the site; an empty address leaves the words without a link.
using Address = std::function<std::string(std::string_view target)>;

/// The body of a page. Links of the web stay; the others are what `address` says.
std::string html_of_markdown(std::string_view markdown, const Address& address);

/// A whole page with that body.
std::string plain_page(std::string_view title, std::string_view body);

}  // namespace workbook::cli::study
