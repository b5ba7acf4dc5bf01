#include "apps/demo/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "apps/common/figures.h"
#include "apps/common/markup.h"

namespace dynsplit::demo {
namespace {

constexpr int kWidth = 920;
constexpr int kMargin = 28;
constexpr double kCharWidth = 7.23;  // of a 12 px monospaced font, set through textLength
constexpr int kLineHeight = 19;
constexpr int kMaxLines = 26;
constexpr size_t kMaxColumns = 116;

constexpr const char* kStyle =
    "<style>text{font-family:system-ui,sans-serif;fill:#1f2933}"
    ".title{font-size:19px;font-weight:600}.note{font-size:12.5px;fill:#52606d}"
    ".label{font-size:13px}.code{font-family:ui-monospace,Menlo,Consolas,monospace;"
    "font-size:12px;white-space:pre}</style>\n";

std::string Text(int x, int y, const char* style, const std::string& text) {
  return fmt::format("<text x='{}' y='{}' class='{}'>{}</text>\n", x, y, style,
                     EscapedMarkup(text));
}

// One group of bars, a bar a method. Returns its height.
struct Bars {
  std::string title;
  std::function<double(const MethodResult&)> value;
  std::function<std::string(const MethodResult&)> shown;
};

std::string DrawBars(const DemoResult& demo, const Bars& bars, int x, int y) {
  constexpr int kBarWidth = 150;
  double most = 0;
  for (const MethodResult& method : demo.methods) most = std::max(most, bars.value(method));
  std::string svg = Text(x, y, "label", bars.title);
  for (size_t i = 0; i < demo.methods.size(); ++i) {
    const MethodResult& method = demo.methods[i];
    const int top = y + 12 + static_cast<int>(i) * 28;
    const double width = most > 0 ? kBarWidth * bars.value(method) / most : 0;
    const char* colour = i + 1 == demo.methods.size() ? "#2b7a78" : "#b8c4ce";
    svg += fmt::format("<rect x='{}' y='{}' width='{:.1f}' height='20' rx='3' fill='{}'/>\n", x,
                       top, std::max(2.0, width), colour);
    svg += Text(x + static_cast<int>(width) + 8, top + 15, "note",
                method.method.name + " " + bars.shown(method));
  }
  return svg;
}

// A stretch of a block on one line.
struct Run {
  size_t line = 0;
  size_t column = 0;
  size_t columns = 0;
  std::string text = {};
  size_t block_idx = 0;
};

// The text of each block, whole characters only: one that a cut divides goes to the later block.
Result<std::vector<std::string>> BlockTexts(const DemoResult& demo, const Tokenizer& tokenizer) {
  const auto tokens = tokenizer.Encode(demo.hay.text);
  if (!tokens.ok()) return tokens.status();
  const std::span<const int32_t> all = *tokens;
  Utf8Stream stream;
  std::vector<std::string> texts;
  for (const Block& block : demo.blocks) {
    texts.push_back(stream.Append(tokenizer.Decode(
        all.subspan(static_cast<size_t>(block.start), static_cast<size_t>(block.length)))));
  }
  return texts;
}

// Lays out the blocks from `first` on, until the lines are full.
std::vector<Run> LayOut(const std::vector<std::string>& texts, size_t first) {
  std::vector<Run> runs;
  size_t line = 0;
  size_t column = 0;
  for (size_t i = first; i < texts.size() && line < kMaxLines; ++i) {
    runs.push_back({.line = line, .column = column, .block_idx = i});
    for (const char c : texts[i]) {
      const bool continues = (c & 0xC0) == 0x80;
      if (c == '\n' || (column >= kMaxColumns && !continues)) {
        ++line;
        column = 0;
        if (line >= kMaxLines) break;
        runs.push_back({.line = line, .block_idx = i});
      }
      if (static_cast<unsigned char>(c) < 0x20) continue;
      runs.back().text += c;
      if (continues) continue;
      ++column;
      ++runs.back().columns;
    }
  }
  std::erase_if(runs, [](const Run& run) { return run.text.empty(); });
  return runs;
}

std::string DrawRun(const Run& run, int y, const char* colour) {
  const double left = kMargin + kCharWidth * static_cast<double>(run.column);
  const double width = kCharWidth * static_cast<double>(run.columns);
  const int top = y + static_cast<int>(run.line) * kLineHeight;
  return fmt::format(
      "<rect x='{0:.1f}' y='{1}' width='{2:.1f}' height='{3}' rx='2' fill='{4}'/>\n"
      "<text x='{0:.1f}' y='{5}' class='code' textLength='{6:.1f}' "
      "lengthAdjust='spacingAndGlyphs' xml:space='preserve'>{7}</text>\n",
      left, top, std::max(0.0, width - 1), kLineHeight - 2, colour, top + 13, width,
      EscapedMarkup(run.text));
}

// The blocks around the fact in the middle, which are red.
std::string DrawBlocks(const DemoResult& demo, const Tokenizer& tokenizer, int y) {
  constexpr const char* kColours[] = {"#d9eceb", "#f6e7cf"};
  constexpr int kLinesBefore = 10;
  const auto texts = BlockTexts(demo, tokenizer);
  if (!texts.ok() || demo.hay.facts.empty()) return "";
  const std::string fact = demo.hay.facts[demo.hay.facts.size() / 2].Sentence();
  const size_t fact_begin = demo.hay.text.find(fact);
  size_t shown_begin = fact_begin;
  for (int i = 0; i < kLinesBefore && shown_begin > 0; ++i) {
    const size_t newline = demo.hay.text.rfind('\n', shown_begin - 1);
    shown_begin = newline == std::string::npos ? 0 : newline;
  }
  std::vector<size_t> begins;  // where each block begins in the text
  size_t end = 0;
  for (const std::string& text : *texts) {
    begins.push_back(end);
    end += text.size();
  }
  const auto first = std::lower_bound(begins.begin(), begins.end(), shown_begin);
  std::string svg;
  for (const Run& run : LayOut(*texts, static_cast<size_t>(first - begins.begin()))) {
    const size_t begin = begins[run.block_idx];
    const bool holds_fact =
        begin < fact_begin + fact.size() && begin + (*texts)[run.block_idx].size() > fact_begin;
    svg += DrawRun(run, y, holds_fact ? "#f2b6a0" : kColours[run.block_idx % 2]);
  }
  return svg;
}

}  // namespace

std::string DrawPicture(const DemoResult& demo, const Tokenizer& tokenizer,
                        const std::string& model_name) {
  const int bars_y = 96;
  const int blocks_y = bars_y + 40 + 28 * static_cast<int>(demo.methods.size());
  const int height = blocks_y + 34 + kMaxLines * kLineHeight + kMargin;
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} {1}' width='{0}' height='{1}'>\n"
      "{2}<rect width='100%' height='100%' fill='#ffffff'/>\n",
      kWidth, height, kStyle);
  svg += Text(kMargin, 38, "title", "One text, read once, asked under each method");
  svg +=
      Text(kMargin, 60, "note",
           fmt::format("{}; {} tokens read in {}, {} hidden facts", model_name, demo.hay.num_tokens,
                       FormatSeconds(demo.prefill_seconds), demo.hay.facts.size()));
  const Bars all_bars[] = {
      {"answers right", [](const MethodResult& m) { return m.NumRight(); },
       [](const MethodResult& m) {
         return fmt::format("{} of {}", m.NumRight(), m.answers.size());
       }},
      {"tokens written per second", [](const MethodResult& m) { return m.TokensPerSecond(); },
       [](const MethodResult& m) { return FormatRate(m.TokensPerSecond()); }},
      {"tokens attended to", [](const MethodResult& m) { return m.attended_tokens_mean; },
       [](const MethodResult& m) { return fmt::format("{:.0f}", m.attended_tokens_mean); }},
  };
  for (size_t i = 0; i < std::size(all_bars); ++i) {
    svg += DrawBars(demo, all_bars[i], kMargin + static_cast<int>(i) * 295, bars_y);
  }
  svg += Text(kMargin, blocks_y + 8, "label",
              fmt::format("Its {} blocks, around a hidden fact (red)", demo.blocks.size()));
  svg += DrawBlocks(demo, tokenizer, blocks_y + 22);
  return svg + "</svg>\n";
}

}  // namespace dynsplit::demo
