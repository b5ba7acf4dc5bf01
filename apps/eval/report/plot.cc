#include "apps/eval/report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/common/markup.h"

namespace dynsplit::eval {
namespace {

struct SeriesColour {
  const char* light;  // on a light page
  const char* dark;
};
constexpr SeriesColour kColours[] = {{"#0072b2", "#3d93dd"}, {"#d55e00", "#f0792a"},
                                     {"#009e73", "#1fbf92"}, {"#b5599a", "#dd93c0"},
                                     {"#d69200", "#f2b53a"}, {"#3fa4dd", "#a5dbff"}};
// Coprime with the number of colours, so that 30 series differ.
constexpr size_t kNumShapes = 5;

constexpr const char* kAnchors[] = {"start", "middle", "end"};

// The smallest of 1, 2, 5 times a power of ten that is at least `value`, but for rounding.
double RoundUp(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double digit : {1.0, 2.0, 5.0}) {
    if (digit * power >= value * (1 - 1e-9)) return digit * power;
  }
  return 10 * power;
}

}  // namespace

Axis Axis::Linear(double low, double high, double begin, double end) {
  return {false, low, high, begin, end};
}

Axis Axis::Log(double low, double high, double begin, double end) {
  return {true, low, high, begin, end};
}

double Axis::At(double value) const {
  const double share =
      is_log_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
  return begin_ + share * (end_ - begin_);
}

std::vector<double> Axis::Ticks() const {
  std::vector<double> ticks;
  if (is_log_) {
    const int first = static_cast<int>(std::floor(std::log10(low_)));
    for (int exponent = first; std::pow(10, exponent) <= high_; ++exponent) {
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double tick = digit * std::pow(10, exponent);
        if (tick >= low_ && tick <= high_) ticks.push_back(tick);
      }
    }
    return ticks;
  }
  const double step = RoundUp((high_ - low_) / 5);
  const double first = std::ceil(low_ / step - 1e-9) + 0.0;  // + 0: never -0
  for (double i = first; i * step <= high_ + step * 1e-9; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string SvgBegin(int width, int height, std::string_view title, std::string_view description) {
  const std::string safe_title = EscapedMarkup(title);
  return fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} {1}' width='{0}' height='{1}' "
      "role='img' aria-label='{2}'>\n<title>{2}</title>\n<desc>{3}</desc>\n",
      width, height, safe_title, EscapedMarkup(description));
}

std::string SvgText(Point at, Anchor anchor, std::string_view text, std::string_view style) {
  return fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='{}' class='{}'>{}</text>\n", at.x,
                     at.y, kAnchors[static_cast<int>(anchor)], style, EscapedMarkup(text));
}

std::string SvgLine(Point from, Point to, std::string_view style) {
  return fmt::format("<line x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}' class='{}'/>\n", from.x,
                     from.y, to.x, to.y, style);
}

std::string SvgPath(const std::vector<Point>& points) {
  std::string path = "<polyline fill='none' points='";
  for (const Point& point : points) path += fmt::format("{:.1f},{:.1f} ", point.x, point.y);
  return path + "'/>\n";
}

std::string SvgVerticalAxis(const Axis& x, const Axis& y, std::string (*label)(double)) {
  std::string svg;
  for (const double tick : y.Ticks()) {
    svg += SvgLine({x.begin(), y.At(tick)}, {x.end(), y.At(tick)}, "grid");
    svg += SvgText({x.begin() - 6, y.At(tick) + 4}, Anchor::kEnd, label(tick), "tick");
  }
  return svg;
}

std::string SvgHorizontalAxis(const Axis& x, const Axis& y, std::string (*label)(double)) {
  std::string svg = SvgLine({x.begin(), y.begin()}, {x.end(), y.begin()}, "axis");
  for (const double tick : x.Ticks()) {
    svg += SvgLine({x.At(tick), y.begin()}, {x.At(tick), y.begin() + 4}, "axis");
    svg += SvgText({x.At(tick), y.begin() + 16}, Anchor::kMiddle, label(tick), "tick");
  }
  return svg;
}

std::string SeriesClass(size_t series) {
  return fmt::format("series s{}", series % std::size(kColours));
}

std::string SvgMark(size_t series, Point at) {
  const auto polygon = [&](const char* points) {
    return fmt::format("<polygon class='mark' points='{}' transform='translate({:.1f} {:.1f})'/>\n",
                       points, at.x, at.y);
  };
  switch (series % kNumShapes) {
    case 0:
      return fmt::format("<circle class='mark' cx='{:.1f}' cy='{:.1f}' r='4'/>\n", at.x, at.y);
    case 1:
      return polygon("-3.6,-3.6 3.6,-3.6 3.6,3.6 -3.6,3.6");
    case 2:
      return polygon("0,-5 4.6,3.4 -4.6,3.4");
    case 3:
      return polygon("0,-5.2 5.2,0 0,5.2 -5.2,0");
    default:
      return polygon("0,5 4.6,-3.4 -4.6,-3.4");
  }
}

std::string LegendHtml(const std::vector<std::string>& names) {
  std::string html = "<ul class='legend'>\n";
  for (size_t i = 0; i < names.size(); ++i) {
    html += fmt::format(
        "<li><svg viewBox='0 0 26 12' width='26' height='12' aria-hidden='true'><g class='{}'>"
        "{}{}</g></svg> {}</li>\n",
        SeriesClass(i), SvgLine({1, 6}, {25, 6}), SvgMark(i, {13, 6}), EscapedMarkup(names[i]));
  }
  return html + "</ul>\n";
}

Shade ShadeOf(double share) {
  constexpr std::array<std::array<double, 3>, 5> kStops = {
      {{0, 32, 76}, {65, 77, 107}, {124, 123, 120}, {188, 175, 111}, {255, 234, 70}}};
  const double at = std::clamp(share, 0.0, 1.0) * (kStops.size() - 1);
  const size_t stop = std::min(static_cast<size_t>(at), kStops.size() - 2);
  const double rest = at - static_cast<double>(stop);
  std::array<int, 3> rgb{};
  for (size_t i = 0; i < 3; ++i) {
    rgb[i] = static_cast<int>(kStops[stop][i] + rest * (kStops[stop + 1][i] - kStops[stop][i]));
  }
  constexpr double kTextChanges = 0.47;  // where black and white have the same contrast, 4.5
  return {fmt::format("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]),
          share >= kTextChanges ? "on-light" : "on-dark"};
}

std::string PlotStyle() {
  std::string style =
      "svg{max-width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#1f2933}"
      ".tick,.axis-title{fill:#52606d}.grid{stroke:#e1e6ea}.axis{stroke:#7b8794}"
      ".dashed{stroke:#1f2933;stroke-dasharray:5 4;stroke-width:1.4}"
      "svg text.on-dark{fill:#fff}svg text.on-light{fill:#000}.whisker{stroke:#1f2933}"
      ".series{stroke-width:1.6}.empty{fill:#eef1f3}\n";
  std::string dark =
      "svg text{fill:#e4e7eb}.tick,.axis-title{fill:#9aa5b1}.grid{stroke:#2d353d}"
      ".axis{stroke:#7b8794}.dashed,.whisker{stroke:#e4e7eb}.empty{fill:#242b32}\n";
  for (size_t i = 0; i < std::size(kColours); ++i) {
    constexpr const char* kRules = ".s{0}{{stroke:{1}}}.s{0} .mark{{fill:{1};stroke:none}}\n";
    style += fmt::format(kRules, i, kColours[i].light);
    dark += fmt::format(kRules, i, kColours[i].dark);
  }
  return style + "@media (prefers-color-scheme:dark){" + dark + "}\n";
}

}  // namespace dynsplit::eval
