#include "apps/eval/report/page.h"

#include <gmock/gmock.h>

#include <cmath>

#include "eval_report/records.h"

namespace dynsplit::eval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// "" where every element is closed in its place and every attribute is quoted, else what is wrong.
// Elements that HTML does not close are given.
std::string Malformed(const std::string& html) {
  std::vector<std::string> open;
  for (size_t begin = html.find('<'); begin != std::string::npos; begin = html.find('<', begin)) {
    size_t end = begin;
    char quote = 0;
    while (++end < html.size() && (quote != 0 || html[end] != '>')) {
      const char c = html[end];
      if (quote == 0 && c == '<') return "< within a tag: " + html.substr(begin, end - begin);
      if (c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
      }
    }
    if (end == html.size()) return "never ends: " + html.substr(begin, 40);
    const std::string tag = html.substr(begin + 1, end - begin - 1);
    const bool closes = tag.starts_with('/');
    const std::string name =
        tag.substr(closes ? 1 : 0, tag.find_first_of(" /", 1) - (closes ? 1 : 0));
    begin = end;
    if (tag.ends_with('/') || name == "meta" || name == "!DOCTYPE") continue;
    if (!closes) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> closes " + (open.empty() ? "nothing" : "<" + open.back() + ">");
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

TEST(PageTest, TheCheckOfTheTestsFindsMistakes) {
  EXPECT_EQ(Malformed("<a b='>'><c/></a>"), "");
  EXPECT_NE(Malformed("<a><b></a></b>"), "");
  EXPECT_NE(Malformed("<a>"), "");
  EXPECT_NE(Malformed("<a b='1><c></c></a>"), "");
}

std::string Page(const std::string& task, const std::string& kind, const std::string& method) {
  std::vector<Record> records;
  AddScores(records, task, "full", "", {1, 1, 0.5});
  AddScores(records, task, "quest", "3%", {0, 1, 0});
  AddScores(records, task, "quest", "8%", {1, 1, 0});
  AddScores(records, task, method, "3%", {1, 1, 0});
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].depth = 0.3 * static_cast<double>(i % 3);
    records[i].kind = i % 3 == 0 ? kind : "prose";
  }
  records.push_back(ContinuationRecord("0/0", "full", "", std::log(4), 0));
  ImportanceRecord learned;
  learned.kind = kind;
  learned.delimiter = kind;
  learned.count = 3;
  learned.weight = -0.5;
  learned.standard_error = 0.1;
  return ToPage(Summarize(records, method).value(), DepthMaps(records),
                AverageImportance({learned}), {method, "The title", {"model: " + kind}});
}

TEST(PageTest, HasItsPartsAndIsWellFormed) {
  const std::string page = Page("niah", "code", "dynsplit");
  EXPECT_EQ(Malformed(page), "");
  for (const char* part :
       {"<h1>The title</h1>", "<li>model: code</li>", "At 4096 tokens of context",
        "<figcaption>mean of all tasks</figcaption>", "<figcaption>niah</figcaption>",
        "<figcaption>quest 8%</figcaption>", "<figcaption>code</figcaption>", "class='dashed'",
        "Scores at 4096", "By text kind", "On the same questions", "Continuations at",
        "Scores by depth", "resamples of the documents", "fewer than two documents", "-0.50 ± 0.10",
        "prefers-color-scheme:dark"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(PageTest, NothingComesFromElsewhere) {
  std::string page = Page("niah", "code", "dynsplit");
  const std::string name_space = "http://www.w3.org/2000/svg";  // a name, not fetched
  for (size_t at = page.find(name_space); at != std::string::npos; at = page.find(name_space)) {
    page.erase(at, name_space.size());
  }
  for (const char* outside : {"http:", "https:", "src=", "href=", "url(", "@import", "<script"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

TEST(PageTest, NamesCannotBecomeMarkup) {
  const std::string hostile = "</title></style></svg><script>alert('1\")</script>&x";
  const std::string page = Page("task" + hostile, "kind" + hostile, "method" + hostile);
  EXPECT_EQ(Malformed(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("task&lt;/title&gt;"));
  EXPECT_THAT(page, HasSubstr("kind&lt;/title&gt;"));
  EXPECT_THAT(page, HasSubstr("method&lt;/title&gt;"));
}

TEST(PageTest, AMethodLooksTheSameInEveryContext) {
  std::vector<Record> records;
  AddScores(records, "niah", "quest", "3%", {1});
  AddScores(records, "niah", "dynsplit", "3%", {1});
  records.push_back(ScoredRecord("niah", "0/0", "dynsplit", "3%", 1));
  records.back().context = 8192;
  const std::string page = ToPage(Summarize(records, "").value(), {}, {}, {});
  const std::string second = page.substr(page.find("At 8192 tokens"));
  // dynsplit is the second method, and alone in the second context.
  EXPECT_THAT(second, HasSubstr("<g class='series s1'><polyline"));
  EXPECT_THAT(second, Not(HasSubstr("<g class='series s0'><polyline")));
}

TEST(PageTest, FullAloneCanBeShown) {
  std::vector<Record> records;
  AddScores(records, "niah", "full", "", {0, 0});
  const std::string page = ToPage(Summarize(records, "").value(), {}, {}, {});
  EXPECT_EQ(Malformed(page), "");
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_THAT(page, Not(HasSubstr("inf'")));
}

}  // namespace
}  // namespace dynsplit::eval
