#include "apps/eval/report/plot.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace dynsplit::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(PlotTest, AxesMapValuesToPixels) {
  const Axis linear = Axis::Linear(0, 2, 100, 300);
  EXPECT_EQ(linear.At(0), 100);
  EXPECT_EQ(linear.At(0.5), 150);
  const Axis log = Axis::Log(10, 1000, 0, 200);
  EXPECT_DOUBLE_EQ(log.At(100), 100);
  const Axis down = Axis::Linear(0, 1, 186, 12);  // as a vertical axis: upwards
  EXPECT_EQ(down.At(1), 12);
}

TEST(PlotTest, TicksAreRoundNumbersWithinTheAxis) {
  EXPECT_THAT(Axis::Log(90, 2100, 0, 1).Ticks(), ElementsAre(100, 200, 500, 1000, 2000));
  EXPECT_THAT(Axis::Log(100, 400, 0, 1).Ticks(), ElementsAre(100, 200));
  EXPECT_THAT(Axis::Linear(0, 1, 0, 1).Ticks(),
              ElementsAre(0, ::testing::DoubleEq(0.2), ::testing::DoubleEq(0.4),
                          ::testing::DoubleEq(0.6), ::testing::DoubleEq(0.8), 1));
  EXPECT_THAT(Axis::Linear(-0.3, 1.7, 0, 1).Ticks(), ElementsAre(0, 0.5, 1, 1.5));
  EXPECT_FALSE(std::signbit(Axis::Linear(0, 1, 0, 1).Ticks()[0]));  // no label "-0"
}

TEST(PlotTest, ThirtySeriesDiffer) {
  std::set<std::string> looks;
  for (size_t i = 0; i < 30; ++i) looks.insert(SeriesClass(i) + SvgMark(i, {0, 0}));
  EXPECT_EQ(looks.size(), 30u);
}

TEST(PlotTest, ShadesRunFromDarkToLight) {
  EXPECT_EQ(ShadeOf(0).fill, "#00204c");
  EXPECT_EQ(ShadeOf(0).text_style, "on-dark");
  EXPECT_EQ(ShadeOf(1).fill, "#ffea46");
  EXPECT_EQ(ShadeOf(1).text_style, "on-light");
  EXPECT_EQ(ShadeOf(7).fill, ShadeOf(1).fill);
}

// WCAG's relative luminance.
double Luminance(const std::string& fill) {
  const auto part = [&](size_t at) {
    const double value = std::stoi(fill.substr(at, 2), nullptr, 16) / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

TEST(PlotTest, TextCanBeReadOnEveryShade) {
  for (int i = 0; i <= 100; ++i) {
    const Shade shade = ShadeOf(i / 100.0);
    const double luminance = Luminance(shade.fill);
    const double contrast =
        shade.text_style == "on-dark" ? 1.05 / (luminance + 0.05) : (luminance + 0.05) / 0.05;
    EXPECT_GE(contrast, 4.5) << i;
  }
}

TEST(PlotTest, TextIsEscaped) {
  const std::string svg =
      SvgBegin(1, 1, "a'b", "<c>") + SvgText({0, 0}, Anchor::kEnd, "<d>") + LegendHtml({"<e>"});
  EXPECT_THAT(svg, HasSubstr("aria-label='a&#39;b'"));
  EXPECT_THAT(svg, HasSubstr("<desc>&lt;c&gt;</desc>"));
  EXPECT_THAT(svg, HasSubstr(">&lt;d&gt;</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("<e>")));
}

}  // namespace
}  // namespace dynsplit::eval
