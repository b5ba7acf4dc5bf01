// What figures are drawn from: axes, marks, a legend, and one style for light and dark pages.
// Figures are SVG elements inside a page that holds PlotStyle(). A series has a colour and a shape
// by its number, the same in every figure; colours are those of Okabe and Ito (2008), which
// colour-blind readers can tell apart, and shapes are there for those who see none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dynsplit::eval {

class Axis {
 public:
  // Maps [low, high] to the pixels [begin, end]; low < high, and 0 < low on a log axis.
  static Axis Linear(double low, double high, double begin, double end);
  static Axis Log(double low, double high, double begin, double end);

  double At(double value) const;
  double begin() const { return begin_; }
  double end() const { return end_; }
  // Linear: at most six round numbers. Log: 1, 2 and 5 times powers of ten.
  std::vector<double> Ticks() const;

 private:
  Axis(bool is_log, double low, double high, double begin, double end)
      : is_log_(is_log), low_(low), high_(high), begin_(begin), end_(end) {}

  bool is_log_;
  double low_;
  double high_;
  double begin_;
  double end_;
};

struct Point {
  double x = 0;
  double y = 0;
};

// Where a text stands relative to its point: SVG's text-anchor.
enum class Anchor { kStart, kMiddle, kEnd };

// `title` names the figure and `description` says what it shows, for those who cannot see it.
std::string SvgBegin(int width, int height, std::string_view title, std::string_view description);
std::string SvgText(Point at, Anchor anchor, std::string_view text, std::string_view style = "");
// `style` is one of the classes of PlotStyle(): "axis", "grid", "dashed", "whisker"; empty inside a
// series, whose colour it then has.
std::string SvgLine(Point from, Point to, std::string_view style = "");
std::string SvgPath(const std::vector<Point>& points);
// Grid lines at the ticks, and their labels: left of a vertical axis, below a horizontal one.
std::string SvgVerticalAxis(const Axis& x, const Axis& y, std::string (*label)(double));
std::string SvgHorizontalAxis(const Axis& x, const Axis& y, std::string (*label)(double));

// The class of a <g> around a series' lines and marks.
std::string SeriesClass(size_t series);
std::string SvgMark(size_t series, Point at);

// A list of names with their marks.
std::string LegendHtml(const std::vector<std::string>& names);

// A colour for a share in [0, 1], from dark blue to light yellow (after cividis, which is as
// readable without red-green vision), and the class of a text that can be read on it.
struct Shade {
  std::string fill;
  std::string_view text_style;
};
Shade ShadeOf(double share);

// The style sheet that all of these need.
std::string PlotStyle();

}  // namespace dynsplit::eval
