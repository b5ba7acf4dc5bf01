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

TEST(QuestionsPerDocumentTest, NoMoreThanThereAre) {
  EXPECT_EQ(QuestionsPerDocument(Questions(24)), 12);
  EXPECT_EQ(QuestionsPerDocument(Questions(5)), 5);
}

TEST(NewDocumentTest, ItsIdSaysKindSeedAndNumber) {
  const Document document = NewDocument("prose", 1, 0);
  EXPECT_EQ(document.id, "prose-s1-d0");
  EXPECT_EQ(document.kind, "prose");
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
