#include "apps/eval/tasks/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "apps/eval/tasks/generated/names.h"
#include "apps/eval/tasks/generated/words.h"

namespace dynsplit::eval {
namespace {

TEST(DocumentRngTest, EachTaskSeedAndDocumentHasItsOwn) {
  std::set<uint64_t> first;
  for (const char* task : {"a", "b", "ab", "ba"}) {
    for (uint64_t seed = 0; seed < 4; ++seed) {
      for (int document = 0; document < 4; ++document) {
        first.insert(DocumentRng(task, seed, document).Next());
      }
    }
  }
  EXPECT_EQ(first.size(), 64u);
  EXPECT_EQ(DocumentRng("a", 1, 2).Next(), DocumentRng("a", 1, 2).Next());
}

TEST(ShuffleTest, APermutationThatTheSeedFixes) {
  std::vector<int> items = {0, 1, 2, 3, 4, 5, 6, 7};
  std::vector<int> again = items;
  Rng rng(3);
  Rng same(3);
  Shuffle(&items, &rng);
  Shuffle(&again, &same);
  EXPECT_EQ(items, again);
  EXPECT_NE(items, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_THAT(items, ::testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

TEST(DrawTest, BetweenReachesBothEnds) {
  Rng rng(1);
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(Between(-1, 2, &rng));
  EXPECT_EQ(seen, (std::set<int64_t>{-1, 0, 1, 2}));
}

TEST(UnusedTest, NumbersGetLongerWhenTheyRunOut) {
  Rng rng(1);
  Unused unused;
  std::set<std::string> numbers;
  size_t longest = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string number = unused.Number(2, &rng);
    EXPECT_TRUE(numbers.insert(number).second);
    longest = std::max(longest, number.size());
  }
  EXPECT_EQ(longest, 3u);
  EXPECT_FALSE(unused.Take(*numbers.begin()));
  EXPECT_TRUE(unused.Take("x"));
  EXPECT_FALSE(unused.Take("x"));
}

TEST(WordsTest, AtLeast100DifferentOfEach) {
  for (const auto list : {FirstNames(), LastNames(), Cities(), Qualities(), Things(), Verbs(),
                          Subjects(), Aspects(), Foods()}) {
    EXPECT_GE(list.size(), 100u);
    EXPECT_EQ(std::set<std::string_view>(list.begin(), list.end()).size(), list.size());
  }
}

TEST(NameSourceTest, NamesAreDifferentAndManyAreNear) {
  Rng rng(1);
  Unused unused;
  NameSource names(&unused);
  std::set<std::string> given;
  std::set<std::string> last_names;
  for (int i = 0; i < 100; ++i) {
    const std::string name = names.Next(&rng);
    EXPECT_TRUE(given.insert(name).second);
    last_names.insert(name.substr(name.rfind(' ')));
  }
  EXPECT_LT(last_names.size(), 70u);
  EXPECT_GT(last_names.size(), 20u);
}

TEST(NameSourceTest, NeverRunsOut) {
  constexpr std::string_view kFew[] = {"a", "b", "c"};
  Rng rng(1);
  Unused unused;
  PairSource pairs(kFew, kFew, &unused);
  std::set<std::string> given;
  for (int i = 0; i < 15; ++i) EXPECT_TRUE(given.insert(pairs.Next(&rng)).second);
}

}  // namespace
}  // namespace dynsplit::eval
