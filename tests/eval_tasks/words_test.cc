#include "apps/eval/tasks/words.h"

#include <gtest/gtest.h>

#include <vector>

namespace dynsplit::eval {
namespace {

TEST(WordsTest, NoWordIsPartOfAnother) {
  std::vector<std::string_view> words(Nouns().begin(), Nouns().end());
  words.insert(words.end(), Adjectives().begin(), Adjectives().end());
  EXPECT_GE(words.size(), 400u);
  for (size_t i = 0; i < words.size(); ++i) {
    for (size_t j = 0; j < words.size(); ++j) {
      if (i == j) continue;
      EXPECT_EQ(words[i].find(words[j]), std::string_view::npos) << words[i];
    }
  }
}

}  // namespace
}  // namespace dynsplit::eval
