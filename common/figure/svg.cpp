#include "common/figure/svg.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace workbook::figure {
namespace {

/// What a colour is on a light and on a dark page; the tint is its pale fill.
struct Colour {
  std::string_view name, light, dark, light_tint, dark_tint;
};
constexpr Colour kColours[] = {
    {"ink", "#1f2328", "#e6edf3", "#e7eaee", "#2d333b"},   {"muted", "#59636e", "#9aa4af", "#f1f3f5", "#21262d"},
    {"faint", "#d1d9e0", "#3d444d", "#f6f8fa", "#161b22"}, {"paper", "#ffffff", "#0d1117", "#ffffff", "#0d1117"},
    {"blue", "#0b5cad", "#6cb6ff", "#d7e8fa", "#12324f"},  {"orange", "#b35900", "#ffa657", "#ffe6cc", "#4a2f12"},
    {"green", "#1a7f4b", "#6fdc9c", "#d3f0df", "#143d29"}, {"red", "#c0272d", "#ff8b85", "#fbdcdc", "#4d1f22"},
    {"purple", "#7647ad", "#c8a5ff", "#e9def7", "#38264f"}};

/// A length or coordinate with at most one decimal, the same in every locale.
std::string number(double value) {
  if (!std::isfinite(value)) throw std::invalid_argument("[Svg] expected finite coordinates");
  const double tenths = std::round(value * 10) / 10;
  return fmt::format("{}", tenths == 0 ? 0.0 : tenths);
}

std::string point(Point p) { return number(p.x) + "," + number(p.y); }

std::string colour_rules(bool dark) {
  std::string rules;
  for (const Colour& c : kColours)
    rules += fmt::format(".fill-{0}{{fill:{1}}}.tint-{0}{{fill:{2}}}.line-{0}{{stroke:{1}}}\n", c.name,
                         dark ? c.dark : c.light, dark ? c.dark_tint : c.light_tint);
  // A text is ink unless a class says otherwise; this rule weighs less than any class.
  return fmt::format("text{{fill:{}}}\n", dark ? kColours[0].dark : kColours[0].light) + rules;
}

std::string style() {
  return "svg{fill:none;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}\n"
         "text{font:14px system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif}\n"
         ".small{font-size:12px}.large{font-size:17px}.bold{font-weight:600}\n"
         ".mono{font-family:ui-monospace,\"SF Mono\",Menlo,\"DejaVu Sans Mono\",monospace}\n"
         ".middle{text-anchor:middle}.end{text-anchor:end}\n"
         ".thick{stroke-width:2.5}.thin{stroke-width:0.75}.dashed{stroke-dasharray:5 5}\n" +
         colour_rules(false) + "@media (prefers-color-scheme: dark){\n" + colour_rules(true) + "}\n";
}

std::string class_attribute(std::string_view classes) {
  return classes.empty() ? "" : fmt::format(" class=\"{}\"", escape(classes));
}

}  // namespace

std::string escape(std::string_view text) {
  constexpr std::string_view kSpecial = "&<>\"'";
  constexpr std::string_view kEntities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  std::string result;
  for (const char c : text) {
    const std::size_t special = kSpecial.find(c);
    if (special != std::string_view::npos)
      result += kEntities[special];
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n')
      result += c;
  }
  return result;
}

Svg::Svg(double width, double height, std::string_view title, std::string_view description)
    : width_(width), height_(height), title_(title), description_(description) {
  rect({0, 0}, width, height, "fill-paper", 8);
}

void Svg::text(Point at, std::string_view words, std::string_view classes, double degrees) {
  const std::string turned =
      degrees == 0 ? "" : fmt::format(" transform=\"rotate({} {})\"", number(-degrees), point(at));
  body_ += fmt::format("<text x=\"{}\" y=\"{}\"{}{}>{}</text>\n", number(at.x), number(at.y), class_attribute(classes),
                       turned, escape(words));
}

void Svg::line(Point from, Point to, std::string_view classes) { path("M" + point(from) + " L" + point(to), classes); }

void Svg::arrow(Point from, Point to, std::string_view classes) {
  const double angle = std::atan2(to.y - from.y, to.x - from.x);
  const auto barb = [&](double turn) {
    return Point{to.x - 8 * std::cos(angle + turn), to.y - 8 * std::sin(angle + turn)};
  };
  path("M" + point(from) + " L" + point(to) + " M" + point(barb(0.45)) + " L" + point(to) + " L" + point(barb(-0.45)),
       classes);
}

void Svg::rect(Point corner, double width, double height, std::string_view classes, double radius) {
  if (width < 0 || height < 0) throw std::invalid_argument("[Svg] expected a rectangle with width, height >= 0");
  const std::string rounded = radius == 0 ? "" : " rx=\"" + number(radius) + "\"";
  body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}{}/>\n", number(corner.x), number(corner.y),
                       number(width), number(height), rounded, class_attribute(classes));
}

void Svg::circle(Point centre, double radius, std::string_view classes) {
  body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>\n", number(centre.x), number(centre.y), number(radius),
                       class_attribute(classes));
}

void Svg::polyline(std::span<const Point> points, std::string_view classes) {
  if (points.size() < 2) throw std::invalid_argument("[Svg] expected at least two points");
  std::string commands = "M" + point(points[0]) + " L";
  for (std::size_t i = 1; i < points.size(); ++i) commands += (i > 1 ? " " : "") + point(points[i]);
  path(commands, classes);
}

void Svg::path(std::string_view commands, std::string_view classes) {
  body_ += fmt::format("<path d=\"{}\"{}/>\n", escape(commands), class_attribute(classes));
}

Svg::Group Svg::group(Point origin, std::string_view name) {
  body_ += fmt::format("<g transform=\"translate({})\">\n", point(origin));
  if (!name.empty()) body_ += "<title>" + escape(name) + "</title>\n";
  return Group(*this);
}

std::string Svg::str() const {
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
             "role=\"img\" aria-labelledby=\"title description\">\n"
             "<title id=\"title\">{2}</title>\n<desc id=\"description\">{3}</desc>\n<style>\n",
             number(width_), number(height_), escape(title_), escape(description_)) +
         style() + "</style>\n" + body_ + "</svg>\n";
}

}  // namespace workbook::figure
