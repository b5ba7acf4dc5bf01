#include "apps/eval/text_similarity.h"

#include <gtest/gtest.h>

namespace dynsplit::eval {
namespace {

TEST(TokenF1Test, NormalizesAsSquad) {
  EXPECT_DOUBLE_EQ(TokenF1("The Eiffel Tower!", "eiffel tower"), 1);
  EXPECT_DOUBLE_EQ(TokenF1("U.S.A.", "usa"), 1);
  EXPECT_DOUBLE_EQ(TokenF1("a\tdog \n barked", "an dog, barked."), 1);
  // Articles are words of their own: "theory" keeps its beginning.
  EXPECT_DOUBLE_EQ(TokenF1("theory", "ory"), 0);
}

TEST(TokenF1Test, CountsWordsAsOftenAsTheyOccur) {
  // 2 of 4 given, 2 of 3 wanted: 2 * (1/2 * 2/3) / (1/2 + 2/3) = 4/7.
  EXPECT_NEAR(TokenF1("red red blue green", "red blue white"), 4.0 / 7, 1e-12);
  EXPECT_NEAR(TokenF1("red red", "red"), 2.0 / 3, 1e-12);
}

TEST(TokenF1Test, NothingInCommon) {
  EXPECT_EQ(TokenF1("", "x"), 0);
  EXPECT_EQ(TokenF1("the", "the"), 0);  // articles alone: LongBench gives 0 as well
  EXPECT_EQ(TokenF1("yes", "no"), 0);
}

// Figures of the package rouge 1.0.1, which adds 1e-8 to a denominator.
TEST(RougeLTest, EqualsRougePackage) {
  constexpr double kTolerance = 2e-8;
  EXPECT_NEAR(RougeL("the cat was found under the bed", "the cat was under the bed"),
              0.9090909041322315, kTolerance);
  EXPECT_NEAR(RougeL("The committee met on Monday. It agreed on a new budget. Nobody objected.",
                     "On Monday the committee agreed on a budget. There were no objections."),
              0.4166666616666667, kTolerance);
  EXPECT_NEAR(RougeL("a b c d", "d c b a"), 0.24999999500000009, kTolerance);
  EXPECT_NEAR(RougeL("w1 w2 w6 w7 w8. w1 w3 w8 w9 w5", "w1 w2 w3 w4 w5"), 0.6153846106508877,
              kTolerance);
  EXPECT_NEAR(RougeL("a a a b", "a b"), 0.999999995, kTolerance);
}

TEST(RougeLTest, WhiteSpaceAfterAFullStopIsASentence) {
  EXPECT_NEAR(RougeL("yes.\n", "yes."), 0.6666666622222223, 2e-8);
  EXPECT_NEAR(RougeL("yes. no.\n", "yes.\n"), 0.7999999952000001, 2e-8);
}

TEST(RougeLTest, NoSentence) {
  EXPECT_EQ(RougeL("", "x"), 0);
  EXPECT_EQ(RougeL("...", "x"), 0);
  EXPECT_EQ(RougeL("x", ""), 0);
  EXPECT_EQ(RougeL("one", "two"), 0);
}

// Figures of fuzzywuzzy 0.18 over python-Levenshtein.
TEST(EditSimilarityTest, EqualsFuzzywuzzy) {
  EXPECT_DOUBLE_EQ(EditSimilarity("this is a test", "this is a test!"), 0.97);
  EXPECT_DOUBLE_EQ(EditSimilarity("return self.name", "return self._name"), 0.97);
  EXPECT_DOUBLE_EQ(EditSimilarity("    x = foo(a, b)", "    x = foo(b, a)"), 0.88);
  EXPECT_DOUBLE_EQ(EditSimilarity("for i in range(10):", "for item in items:"), 0.59);
  EXPECT_DOUBLE_EQ(EditSimilarity("ab", "ba"), 0.5);
  EXPECT_DOUBLE_EQ(EditSimilarity("aab", "ab"), 0.8);
  EXPECT_EQ(EditSimilarity("", "x"), 0);
  EXPECT_EQ(EditSimilarity("x", ""), 0);
  EXPECT_EQ(EditSimilarity("abc", "xyz"), 0);
}

TEST(EditSimilarityTest, ComparesCharactersNotBytes) {
  EXPECT_DOUBLE_EQ(EditSimilarity("h\u00e9llo", "hello"), 0.8);
}

}  // namespace
}  // namespace dynsplit::eval
