#pragma once
/// Figures as SVG text: one string that reads well in light and dark pages and is the same on every machine.
///
///     Svg svg(640, 200, "Exponentials of a row", "The same curve before and after its largest logit is taken off.");
///     svg.rect({20, 20}, 100, 60, "tint-blue line-blue", 6);
///     svg.text({70, 55}, "row max", "middle");
///     svg.arrow({120, 50}, {180, 50});
///     std::cout << svg.str();
///
/// Units are pixels, x to the right, y down. Looks come from CSS classes, several of them separated by blanks:
///     colours     fill-C, tint-C (a pale fill), line-C (the stroke), with C one of
///                 ink muted faint paper blue orange green red purple
///     strokes     thick, thin, dashed
///     text        small, large, bold, mono, and middle or end (where `at` is; else at the start)
/// A shape without a class for its fill is not filled, without one for its stroke is not stroked.

#include <span>
#include <string>
#include <string_view>

namespace workbook::figure {

struct Point {
  double x = 0, y = 0;
};

class Svg {
 public:
  /// An empty figure on a background of its own. `title` and `description` are what a screen reader says: the
  /// description tells in a sentence or two what there is to see.
  Svg(double width, double height, std::string_view title, std::string_view description);

  /// One line of text on the baseline through `at`, turned counter-clockwise by `degrees`.
  void text(Point at, std::string_view words, std::string_view classes = "", double degrees = 0);

  void line(Point from, Point to, std::string_view classes = "line-ink");

  /// A line with an open head at `to`.
  void arrow(Point from, Point to, std::string_view classes = "line-ink");

  /// A rectangle whose upper left corner is `corner`. @pre width, height >= 0
  void rect(Point corner, double width, double height, std::string_view classes, double radius = 0);

  void circle(Point centre, double radius, std::string_view classes);

  /// Straight lines from point to point. @pre at least two points
  void polyline(std::span<const Point> points, std::string_view classes = "line-ink");

  /// Any path, in SVG's own path commands.
  void path(std::string_view commands, std::string_view classes = "line-ink");

  /// Everything drawn while the returned object lives has its origin at `origin`; groups nest. `name` is shown when
  /// the pointer rests on it.
  class [[nodiscard]] Group {
   public:
    ~Group() { svg_.body_ += "</g>\n"; }
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

   private:
    friend class Svg;
    explicit Group(Svg& svg) : svg_(svg) {}
    Svg& svg_;
  };
  Group group(Point origin, std::string_view name = "");

  /// The whole document, with a newline at its end. @pre no group is open
  std::string str() const;

 private:
  double width_, height_;
  std::string title_, description_;
  std::string body_;
};

/// The text with & < > " ' replaced, and without characters that XML forbids.
std::string escape(std::string_view text);

}  // namespace workbook::figure
