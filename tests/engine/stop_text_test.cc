#include "engine/stop_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace dynsplit {
namespace {

TEST(StopTextTest, NoStopsLetsEverythingThrough) {
  StopText stop({});
  EXPECT_EQ(stop.Push("abc"), "abc");
  EXPECT_EQ(stop.Push(""), "");
  EXPECT_EQ(stop.Finish(), "");
  EXPECT_FALSE(stop.found());
}

TEST(StopTextTest, EmptyStopIsIgnored) {
  StopText stop({""});
  EXPECT_EQ(stop.Push("abc"), "abc");
  EXPECT_FALSE(stop.found());
}

TEST(StopTextTest, CutsBeforeTheStopAndDropsWhatFollows) {
  StopText stop({"END"});
  EXPECT_EQ(stop.Push("one END two"), "one ");
  EXPECT_TRUE(stop.found());
  EXPECT_EQ(stop.Push("three"), "");
  EXPECT_EQ(stop.Finish(), "");
}

TEST(StopTextTest, HoldsBackABeginningUntilItIsDecided) {
  StopText stop({"\nUser:"});
  EXPECT_EQ(stop.Push("yes\nU"), "yes");
  EXPECT_EQ(stop.Push("se"), "");
  EXPECT_EQ(stop.Push("d"), "\nUsed");
  EXPECT_EQ(stop.Push(" it\nUser"), " it");
  EXPECT_EQ(stop.Finish(), "\nUser");
  EXPECT_FALSE(stop.found());
}

TEST(StopTextTest, FirstOfSeveralStopsWins) {
  StopText stop({"bb", "ab"});
  EXPECT_EQ(stop.Push("xxabb"), "xx");
  EXPECT_TRUE(stop.found());
}

RC_GTEST_PROP(StopTextProperty, PiecesDoNotMatter, ()) {
  const auto word = rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c'));
  const std::vector<std::string> stops =
      *rc::gen::container<std::vector<std::string>>(rc::gen::nonEmpty(word));
  const std::vector<std::string> pieces = *rc::gen::container<std::vector<std::string>>(word);
  std::string all;
  std::string shown;
  StopText stop(stops);
  for (const std::string& piece : pieces) {
    all += piece;
    shown += stop.Push(piece);
  }
  shown += stop.Finish();
  size_t first = std::string::npos;
  for (const std::string& text : stops) first = std::min(first, all.find(text));
  RC_ASSERT(stop.found() == (first != std::string::npos));
  if (!stop.found()) {
    RC_ASSERT(shown == all);
    return;
  }
  // Where two stops overlap, the one that is complete first ends the answer.
  RC_ASSERT(all.compare(0, shown.size(), shown) == 0);
  RC_ASSERT(std::any_of(stops.begin(), stops.end(), [&](const std::string& text) {
    return all.compare(shown.size(), text.size(), text) == 0;
  }));
}

}  // namespace
}  // namespace dynsplit
