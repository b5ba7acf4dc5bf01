#include "split/delimiter_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "split/delimiter_text.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using enum DelimiterClass;

// Pieces that meet in every rule: numbers, quotes, indentation, parts of characters.
const std::vector<std::string> kPieces = {
    "a",  ".",    ",",    "3",    ":",  "\"", ")", " ",     "\n",      "\n\n",  "    ",
    "\t", "\xE3", "\x80", "\x82", "。", "」", "",  " word", "<|end|>", ".\n  ", "?!"};

DelimiterStream MakeStream() {
  return DelimiterStream(std::make_shared<const DelimiterTable>(TableOf(kPieces)));
}

RC_GTEST_PROP(DelimiterStreamProperty, EqualsTheWholeTextAfterEveryStep, ()) {
  const auto tokens = *rc::gen::container<std::vector<int32_t>>(
      rc::gen::inRange<int32_t>(0, static_cast<int32_t>(kPieces.size())));
  const auto step = *rc::gen::inRange<size_t>(1, 5);
  const DelimiterTable table = TableOf(kPieces);
  DelimiterStream stream = MakeStream();
  for (size_t begin = 0; begin < tokens.size(); begin += step) {
    const size_t end = std::min(begin + step, tokens.size());
    stream.Append(std::span(tokens).subspan(begin, end - begin));
    std::vector<DelimiterClass> whole(end);
    table.Classify(std::span(tokens).first(end), whole);
    RC_ASSERT(std::vector(stream.classes().begin(), stream.classes().end()) == whole);
  }
}

TEST(DelimiterStreamTest, LaterTokensCorrectTheLastOne) {
  DelimiterStream stream = MakeStream();
  stream.Append(std::vector<int32_t>{3, 1});  // 3 .
  EXPECT_THAT(stream.classes(), ElementsAre(kNone, kSentence));
  stream.Append({});
  EXPECT_THAT(stream.classes(), ElementsAre(kNone, kSentence));
  stream.Append(std::vector<int32_t>{3});
  EXPECT_THAT(stream.classes(), ElementsAre(kNone, kNone, kNone));
}

TEST(DelimiterStreamTest, ACopyGoesItsOwnWay) {
  DelimiterStream stream = MakeStream();
  stream.Append(std::vector<int32_t>{0, 1});  // a .
  DelimiterStream fork = stream;
  stream.Append(std::vector<int32_t>{0});
  fork.Append(std::vector<int32_t>{7});
  EXPECT_THAT(stream.classes(), ElementsAre(kNone, kNone, kNone));
  EXPECT_THAT(fork.classes(), ElementsAre(kNone, kSentence, kSpace));
}

}  // namespace
}  // namespace dynsplit
