#include "apps/eval/tasks/perplexity/perplexity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "eval_tasks/tasks_fixture.h"
#include "support/temp_file.h"

namespace dynsplit::eval {
namespace {

using dynsplit::testing::TempFile;
using testing::ByteTokenizer;
using testing::CountTokens;
using ::testing::HasSubstr;

TaskOptions HaystackOptions(const std::string& haystack, int64_t context_tokens) {
  TaskOptions options = testing::Options(context_tokens);
  options.haystack = haystack;
  return options;
}

std::string NumberedLines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "This is line " + std::to_string(i) + " of the text.\n";
  return text;
}

TEST(PerplexityTest, ContinuationsFollowTheirDocuments) {
  const std::string text = NumberedLines(2000);
  const TempFile file(text);
  TaskOptions options = HaystackOptions(file.path(), 3000);
  options.num_questions = 6;
  const auto documents = MakePerplexity(options, ByteTokenizer());
  ASSERT_TRUE(documents.ok()) << documents.status().ToString();
  ASSERT_EQ(documents->size(), 6u);
  size_t end = 0;
  for (const Document& document : *documents) {
    ASSERT_EQ(document.questions.size(), 1u);
    const Question& question = document.questions.front();
    EXPECT_EQ(question.metric, Metric::kContinuation);
    EXPECT_EQ(document.kind, "prose");
    EXPECT_EQ(CountTokens(document.text), 3000);
    EXPECT_EQ(CountTokens(question.continuation), kContinuedTokens);
    const size_t at = text.find(document.text + question.continuation);
    ASSERT_NE(at, std::string::npos);
    EXPECT_GE(at, end);  // no overlap
    EXPECT_TRUE(at == 0 || text[at - 1] == '\n');
    end = at + document.text.size() + question.continuation.size();
  }
}

TEST(PerplexityTest, AsManyAsTheTextIsLongEnoughFor) {
  const std::string text = NumberedLines(400);
  const TempFile file(text);
  const auto documents = MakePerplexity(HaystackOptions(file.path(), 2000), ByteTokenizer());
  ASSERT_TRUE(documents.ok());
  EXPECT_EQ(documents->size(), static_cast<size_t>(CountTokens(text) / 2512));
}

TEST(PerplexityTest, TextOfExactlyOnePiece) {
  const TempFile file(std::string(1000 + kContinuedTokens, 'x'));
  const auto documents = MakePerplexity(HaystackOptions(file.path(), 1000), ByteTokenizer());
  ASSERT_TRUE(documents.ok());
  ASSERT_EQ(documents->size(), 1u);
  EXPECT_EQ(documents->front().text.size(), 1000u);
}

TEST(PerplexityTest, CharactersStayWhole) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "\u4e16";
  const TempFile file(text);
  for (const int64_t tokens : {1000, 1001, 1002}) {
    const auto documents = MakePerplexity(HaystackOptions(file.path(), tokens), ByteTokenizer());
    ASSERT_TRUE(documents.ok());
    for (const Document& document : *documents) {
      for (const std::string& part : {document.text, document.questions.front().continuation}) {
        Utf8Stream stream;
        EXPECT_TRUE(stream.Append(part) + stream.Finish() == part) << tokens;
      }
    }
  }
}

TEST(PerplexityTest, FilesThatCannotBeRead) {
  EXPECT_EQ(MakePerplexity(HaystackOptions("/nowhere/x", 1000), ByteTokenizer()).status().code(),
            StatusCode::kNotFound);
  const TempFile nul(NumberedLines(200) + std::string(1, '\0'));
  EXPECT_EQ(MakePerplexity(HaystackOptions(nul.path(), 1000), ByteTokenizer()).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(PerplexityTest, DataIsForOtherTasks) {
  const TempFile file(NumberedLines(200));
  TaskOptions options = HaystackOptions(file.path(), 1000);
  options.data = "/nowhere/x";
  EXPECT_TRUE(MakePerplexity(options, ByteTokenizer()).ok());
}

TEST(PerplexityTest, ContinuesProseAndCodeOfThisMachineWhereNoTextIsGiven) {
  const auto documents = MakePerplexity(testing::Options(1000), ByteTokenizer());
  if (!documents.ok()) {
    EXPECT_THAT(documents.status().message(), HasSubstr("scripts/setup.sh --eval"));
    return;
  }
  std::set<std::string> kinds;
  for (const Document& document : *documents) kinds.insert(document.kind);
  EXPECT_EQ(kinds, (std::set<std::string>{"code", "prose"}));
}

TEST(PerplexityTest, ShortTextSaysBothLengths) {
  const TempFile file("too short\n");
  const auto documents = MakePerplexity(HaystackOptions(file.path(), 1000), ByteTokenizer());
  EXPECT_EQ(documents.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(documents.status().message(), HasSubstr("10 tokens"));
  EXPECT_THAT(documents.status().message(), HasSubstr("1512"));
}

TEST(TextKindTest, ByEndingThenByContent) {
  EXPECT_EQ(TextKind("x/session.CC", ""), "code");
  EXPECT_EQ(TextKind("x.jsonl", "prose"), "records");
  EXPECT_EQ(TextKind("x.csv", ""), "table");
  EXPECT_EQ(TextKind("x.py.gz", ""), "code");
  EXPECT_EQ(TextKind("x.txt", "One line.\n\nAnother.\n"), "prose");
  EXPECT_EQ(TextKind("x", "int main() {\n  return f(1,\n      2);\n}\n"), "code");
  EXPECT_EQ(TextKind("x", "def f(a):\n    b = a\n    return b\n"), "code");
  EXPECT_EQ(TextKind("", ""), "prose");
}

}  // namespace
}  // namespace dynsplit::eval
