#include "apps/server/text_bound.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "support/tiny_vocabulary.h"

namespace dynsplit::testing {
namespace {

using server::TextBound;

std::shared_ptr<const Tokenizer> Make(Vocabulary vocabulary) {
  auto made = Tokenizer::Create(std::move(vocabulary));
  EXPECT_TRUE(made.ok()) << made.status().ToString();
  return *std::move(made);
}

TEST(TextBoundTest, CountsByTheLongestTokenOfEachByte) {
  const TextBound bound(*Make(TinyBpe()));
  EXPECT_EQ(bound.LeastTokens(std::string(1000, 'z')), 1000);           // alone
  EXPECT_EQ((bound.LeastTokens(std::string(1000, 'h')) + 1) / 10, 20);  // hello, to rounding
  EXPECT_LE(bound.LeastTokens(std::string(1000, ' ')), 1000 / 10);      // <|im_start|>
  EXPECT_EQ(bound.LeastTokens(""), 0);
  EXPECT_EQ(TextBound().LeastTokens("hello"), 0);
}

TEST(TextBoundTest, NoTextHasFewer) {
  const std::vector<std::string> pieces = {"hello", "he",  " wo", "12", "<tool>",     "x",
                                           "ab",    "bab", " a",  "▁",  "<|im_end|>", "é",
                                           "\n\n",  "  ",  "xyz", "中", "<tag>",      "\x04"};
  for (const Vocabulary& vocabulary : {TinyBpe(), TinySentencePiece(), TinyUnigram()}) {
    const auto tokenizer = Make(vocabulary);
    const TextBound bound(*tokenizer);
    EXPECT_TRUE(rc::check([&] {
      std::string text;
      for (const auto i :
           *rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, pieces.size()))) {
        text += pieces[i];
      }
      const bool parse_special = *rc::gen::arbitrary<bool>();
      const auto tokens =
          tokenizer->Encode(text, {.add_special = false, .parse_special = parse_special});
      RC_ASSERT(tokens.ok());
      RC_ASSERT(bound.LeastTokens(text) <= static_cast<int64_t>(tokens->size()));
    }));
  }
}

}  // namespace
}  // namespace dynsplit::testing
