#include "apps/eval/tasks/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/tiny_vocabulary.h"

namespace dynsplit::eval {
namespace {

TaskOptions Questions(int count) {
  TaskOptions options;
  options.num_questions = count;
  return options;
}

TaskOptions Context(int64_t tokens) {
  TaskOptions options;
  options.context_tokens = tokens;
  return options;
}

TEST(NumDocumentsTest, TheLastMayBringMore) {
  EXPECT_EQ(*NumDocuments(Questions(24), 12), 2);
  EXPECT_EQ(*NumDocuments(Questions(25), 12), 3);
  EXPECT_EQ(*NumDocuments(Questions(1), 12), 1);
}

TEST(NumDocumentsTest, OptionsOutOfRange) {
  EXPECT_EQ(NumDocuments(Context(0), 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(NumDocuments(Questions(0), 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(NumDocuments({}, 0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(NumDocuments({}, 1001).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(NumDocuments(Questions(10001), 1).status().code(), StatusCode::kInvalidArgument);
}

TEST(NewDocumentTest, ItsIdSaysKindSeedAndNumber) {
  const Document document = NewDocument("prose", 1, 0);
  EXPECT_EQ(document.id, "prose-s1-d0");
  EXPECT_EQ(document.kind, "prose");
}

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

TEST(FillWithPartsTest, FindsTheLength) {
  const auto tokenizer = *Tokenizer::Create(testing::TinyBpe());
  // A fixed beginning, so that length is not proportional to the parts.
  const auto make = [](int64_t n) {
    return std::string(300, '.') + std::string(static_cast<size_t>(3 * n), 'x');
  };
  const auto text = FillWithParts(make, Context(2000), *tokenizer);
  ASSERT_TRUE(text.ok());
  EXPECT_NEAR(static_cast<double>(text->size()), 2000, 20);
  EXPECT_EQ(FillWithParts(make, Context(200), *tokenizer).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace dynsplit::eval
