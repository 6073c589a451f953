#include "common/bench/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "common/bench/own_model.h"
#include "common/bench/plot.h"
#include "common/bench/table.h"
#include "common/figure/svg.h"

namespace workbook::bench {

using figure::escape;

namespace {

constexpr const char* kStyle = R"(
:root{--paper:#fff;--ink:#1f2328;--muted:#59636e;--faint:#d1d9e0;--tint:#f6f8fa;--accent:#0b5cad}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--muted:#9aa4af;--faint:#3d444d;--tint:#161b22;--accent:#6cb6ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1340px;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.25rem;margin:2.4rem 0 .8rem;border-bottom:1px solid var(--faint);padding-bottom:.25rem}
p,li,dd{max-width:75ch}
.muted{color:var(--muted)}
code{font-family:ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace;font-size:.9em;background:var(--tint);padding:.1em .3em;border-radius:4px;overflow-wrap:anywhere}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:.8rem;margin:1.2rem 0}
.card{border:1px solid var(--faint);border-radius:8px;padding:.7rem .9rem}
.card b{display:block;font-size:1.6rem;color:var(--accent);line-height:1.2;font-variant-numeric:tabular-nums}
.card span{color:var(--muted);font-size:.86rem}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,28rem),1fr));gap:1rem;align-items:start}
figure{margin:0;border:1px solid var(--faint);border-radius:8px;padding:.4rem;break-inside:avoid}
figure svg{display:block;width:100%;height:auto}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.84rem;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:.3rem .45rem;border-bottom:1px solid var(--faint);text-align:right;white-space:nowrap}
th{color:var(--muted);font-weight:600}
th.text,td.text{text-align:left}
td.why{white-space:normal;text-align:left;color:var(--muted)}
tr.best td{background:var(--tint);font-weight:600}
caption{text-align:left;font-weight:600;padding:.2rem 0 .4rem}
.table{margin:0 0 1.6rem;break-inside:avoid}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}
dt{font-weight:600}
dd{margin:0}
@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
.board{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:.4rem}
.board li{border:1px solid var(--faint);border-left:5px solid var(--faint);border-radius:6px;padding:.3rem .6rem;break-inside:avoid}
.board .done{border-left-color:#2c974b}.board .begun{border-left-color:#bf8700}
.board span{display:block;color:var(--muted);font-size:.84rem}
pre{overflow-x:auto;font-family:ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace;font-size:.78rem;line-height:1.25}
summary{margin-top:2rem;cursor:pointer}
@media print{:root{--paper:#fff;--ink:#000;--muted:#444;--faint:#bbb;--tint:#f2f2f2;--accent:#000}
main{max-width:none;padding:0}body{font-size:9.5pt}.wide{overflow:visible}table{font-size:6.6pt}th,td{padding:.12rem .25rem}.plots{grid-template-columns:1fr 1fr}h2{break-after:avoid}}
)";

using Value = std::function<double(const Case&)>;

/// A curve for each backend of a layer within a family of workloads; beside somebody's own, the solution's is dashed.
std::vector<Series> curves(const std::vector<Case>& cases, const Value& value) {
  const bool beside = std::ranges::count(cases, "mine", &Case::impl) > 0;
  std::vector<Series> all;
  for (const Case& c : cases) {
    const double y = c.measured() ? value(c) : kUnknown;
    if (!known(y)) continue;
    const bool dashed = beside && c.impl == "solution";
    auto found =
        std::ranges::find_if(all, [&](const Series& s) { return s.name == base_name(c) && s.dashed == dashed; });
    if (found == all.end())
      found = all.insert(all.end(), {.name = base_name(c), .colour = colour_of(base_name(c)), .dashed = dashed});
    found->points.emplace_back(c.x, y);
    found->hollow.push_back(c.noisy);
  }
  return all;
}

/// No value of 0 or less on a logarithmic axis.
double positive(double value) { return value > 0 ? value : kUnknown; }

/// The rules that drawings share.
std::string drawing_style() {
  const std::string svg = figure::Svg(1, 1, "", "").str();
  const auto style = svg.find("<style>") + 7;
  return svg.substr(style, svg.find("</style>") - style);
}

/// The four plots of the backend seed: time, memory, speedup, memory saved.
std::string four_plots(const std::string& family, const std::string& layer, const std::vector<Case>& cases) {
  const bool hidden = family.ends_with("hidden");
  const Axis x{hidden ? "width of the model" : "tokens in a sequence", true};
  const std::string of = layer + ", " + family;
  const auto plot = [&](const char* what, const Axis& y, const Value& value) {
    const std::string title = std::string(what) + ": " + of;
    return in_figure(
        line_plot(title, title + ", one curve for each backend. Hollow points are noisy.", x, y, curves(cases, value)));
  };
  return plot("Time", {"median", true, false, seconds_text}, [](const Case& c) { return positive(c.median_s); }) +
         plot("Workspace", {"alive at once", true, true, bytes_text},
              [](const Case& c) { return positive(c.workspace_bytes); }) +
         plot("Speedup", {"against unfused"}, [](const Case& c) { return c.speedup; }) +
         plot("Memory saved", {"% of the unfused workspace"}, [](const Case& c) { return 100 * c.memory_saved; });
}

/// Whether it is the fastest of its layer and type.
bool is_best(const std::vector<Case>& cases, std::size_t first, std::size_t last, const Case& c) {
  return c.measured() && std::none_of(cases.begin() + static_cast<std::ptrdiff_t>(first),
                                      cases.begin() + static_cast<std::ptrdiff_t>(last), [&](const Case& other) {
                                        return other.layer == c.layer && other.dtype == c.dtype && other.measured() &&
                                               other.median_s < c.median_s;
                                      });
}

}  // namespace

std::string colour_of(const std::string& backend) {
  static const std::map<std::string, std::string> fixed = {
      {"unfused", "red"},        {"per-head", "orange"}, {"fused", "green"},         {"flash", "blue"},
      {"loop", "purple"},        {"chunked", "ink"},     {"expanded", "purple"},     {"absorbed", "ink"},
      {"kernels", "orange"},     {"tiled", "purple"},    {"vectorized", "purple"},   {"vectorized bfloat16", "ink"},
      {"onnxruntime", "orange"}, {"+ exp2", "red"},      {"+ score_tile", "orange"}, {"+ weigh_tile", "green"}};
  const auto found = fixed.find(backend);
  return found != fixed.end() ? found->second : "muted";
}

std::string cell(const char* tag, const std::string& text, const std::string& classes, int span) {
  const std::string across = span == 1 ? "" : fmt::format(" colspan=\"{}\"", span);
  const std::string classed = classes.empty() ? "" : fmt::format(" class=\"{}\"", classes);
  return fmt::format("<{0}{1}{2}>{3}</{0}>", tag, classed, across, escape(text));
}

std::string in_figure(const std::string& svg) {
  // Several drawings on a page: ids would clash, and each brings its title as text anyway.
  if (svg.empty()) return "";
  std::string text = svg;
  for (const std::string& part : {std::string(" aria-labelledby=\"title description\""), std::string(" id=\"title\""),
                                  std::string(" id=\"description\"")})
    if (const auto at = text.find(part); at != std::string::npos) text.erase(at, part.size());
  const auto style = text.find("<style>"), end = text.find("</style>\n");
  if (style != std::string::npos) text.erase(style, end + 9 - style);  // once in the page's head
  return "<figure>" + text + "</figure>\n";
}

std::string sequence_section(const std::vector<Case>& cases) {
  std::map<std::pair<std::string, std::string>, std::vector<Case>> families;
  for (const Case& c : cases)
    if (!c.family.empty() && c.family != "core") families[{c.family, c.layer}].push_back(c);
  std::string plots;
  for (auto& [key, members] : families) {
    std::ranges::stable_sort(members, {}, &Case::x);
    plots += four_plots(key.first, key.second, members);
  }
  return plots.empty() ? "" : "<h2>Against length and width</h2>\n<div class=\"plots\">" + plots + "</div>\n";
}

std::string roofline_of(const Machine& machine, const std::vector<Case>& cases) {
  const bool beside = std::ranges::count(cases, "mine", &Case::impl) > 0;
  std::vector<Series> series;
  for (const Case& c : cases) {
    if (!c.measured() || c.dtype != "float32" || !known(c.intensity)) continue;  // the roof is float32's
    if (beside && c.impl == "solution") continue;
    const std::string name = c.backend.starts_with("torch") ? "torch" : base_name(c);
    auto found = std::ranges::find(series, name, &Series::name);
    if (found == series.end()) found = series.insert(series.end(), {.name = name, .colour = colour_of(base_name(c))});
    found->points.emplace_back(c.intensity, c.gflops);
    found->hollow.push_back(c.noisy);
  }
  return in_figure(roofline_plot("Roofline, measured", machine.peak_gflops, machine.bandwidth_gbs, series));
}

std::string case_table(const std::vector<Case>& cases, std::size_t first, std::size_t last) {
  std::string text = "<div class=\"table wide\"><table>" + cell("caption", title_of(cases[first]), "") + "\n<tr>";
  for (const Column& column : columns()) text += cell("th", column.name, column.text ? "text" : "");
  text += "</tr>\n";
  for (std::size_t i = first; i < last; ++i) {
    const Case& c = cases[i];
    text += is_best(cases, first, last, c) ? "<tr class=\"best\">" : "<tr>";
    if (const std::string why = excuse(c); !why.empty())
      text += cell("td", c.layer, "text") + cell("td", c.backend, "text") +
              cell("td", why, "why", static_cast<int>(columns().size()) - 2);
    else
      for (const Column& column : columns()) text += cell("td", column.cell(c), column.text ? "text" : "");
    text += "</tr>\n";
  }
  text += "</table>";
  for (const std::string& note : notes_of(cases, first, last)) text += cell("p", note, "muted");
  return text + "</div>\n";
}

std::string foresight_section(const Document& document) {
  if (document.model.empty()) return "";
  std::vector<Series> series;
  for (const Case& c : document.cases) {
    if (!known(c.predicted_s)) continue;
    auto found = std::ranges::find(series, base_name(c), &Series::name);
    if (found == series.end())
      found = series.insert(series.end(), {.name = base_name(c), .colour = colour_of(base_name(c)), .line = false});
    found->points.emplace_back(c.median_s, c.predicted_s);
    found->hollow.push_back(std::abs(c.predicted_s / c.median_s - 1) > 0.25);
  }
  std::string text = "<h2>The time model</h2>\n" + cards(foresight_lines(document.cases)) + "<ul>\n";
  for (const std::string& line : document.model) text += cell("li", line, "") + "\n";
  text += "</ul>\n";
  if (series.empty()) return text;
  const Axis x{"measured", true, false, seconds_text}, y{"predicted", true, false, seconds_text};
  return text + "<div class=\"plots\">" +
         in_figure(line_plot("Predicted against measured",
                             "A point for each row; those that are off by more than 25 % are hollow.", x, y, series)) +
         "</div>\n<p class=\"muted\">Hollow points are off by more than 25 %.</p>\n";
}

std::string count_table(const std::vector<Case>& cases) {
  const Rows rows = count_rows(cases);
  if (rows.empty()) return "";
  std::string text = fmt::format("<h2>{}</h2>\n<div class=\"wide\"><table>", kCountsTitle);
  for (const auto& row : rows) {
    text += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i)
      text += cell(&row == &rows[0] ? "th" : "td", row[i], i < 2 ? "text" : "");
    text += "</tr>\n";
  }
  return text + "</table></div>\n";
}

std::string capability_table(const std::vector<Capability>& all) {
  if (all.empty()) return "";
  std::string text =
      "<h2>What each backend takes</h2>\n<p>Found by calling it and comparing with the definition.</p>\n"
      "<div class=\"wide\"><table><tr>" +
      cell("th", "backend", "text") + cell("th", "formula", "text") + cell("th", "lesson", "text");
  for (const auto& [name, answer] : all.front().takes) text += cell("th", name, "text");
  for (const Capability& c : all) {
    text +=
        "</tr>\n<tr>" + cell("td", c.backend, "text") + cell("td", c.formula, "text") + cell("td", c.lesson, "text");
    for (const auto& [name, answer] : c.takes) {
      const bool told = answer.starts_with("yes") || name == "dtype";
      text += told ? cell("td", answer, "text") : fmt::format("<td class=\"why\" title=\"{}\">no</td>", escape(answer));
    }
  }
  return text + "</tr>\n</table></div>\n";
}

std::string legend() {
  std::string text = "<h2>How to read it</h2>\n<dl>";
  for (const Column& column : columns())
    if (*column.meaning) text += cell("dt", column.name, "") + cell("dd", column.meaning, "") + "\n";
  return text + "</dl>\n";
}

std::string device_of(const Document& document) {
  if (document.cases.empty() || document.cases.front().device == "cpu") return "";
  const std::string& machine = document.machine.processor;
  const std::string name = machine.substr(0, machine.find("; host "));
  return name == kNoGpu ? "CUDA, without a GPU" : name;
}

std::string cards(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::string text;
  for (const auto& [name, line] : lines) {
    const std::size_t cut = std::min(line.find(','), name == "Workspace saved" ? line.find(" of") : line.size());
    text += fmt::format("<div class=\"card\"><span>{}</span><b>{}</b><span>{}</span></div>", escape(name),
                        escape(line.substr(0, cut)), escape(line.substr(std::min(line.size(), cut + 1))));
  }
  return text.empty() ? "" : "<div class=\"cards\">" + text + "</div>\n";
}

std::string html_page(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<title>" +
         escape(title) + "</title>\n<style>" + kStyle + drawing_style() + "</style>\n</head>\n<body>\n<main>\n" + body +
         "</main>\n</body>\n</html>\n";
}

}  // namespace workbook::bench
