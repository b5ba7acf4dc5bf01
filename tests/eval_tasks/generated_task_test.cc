#include "apps/eval/tasks/generated/generated_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "apps/eval/tasks/code_call/code_call.h"
#include "apps/eval/tasks/code_function/code_function.h"
#include "apps/eval/tasks/dialogue/dialogue.h"
#include "apps/eval/tasks/records/records.h"
#include "apps/eval/tasks/table/table.h"
#include "eval_tasks/tasks_fixture.h"

namespace dynsplit::eval {
namespace {

using testing::ByteTokenizer;
using testing::CountOf;
using testing::CountTokens;
using ::testing::HasSubstr;
using testing::Options;

struct Maker {
  std::string name;
  std::string kind;
  Result<std::vector<Document>> (*make)(const TaskOptions&, const Tokenizer&);
};

void PrintTo(const Maker& maker, std::ostream* out) { *out << maker.name; }

class GeneratedTaskTest : public ::testing::TestWithParam<Maker> {
 protected:
  static std::vector<Document> Make(const TaskOptions& options) {
    auto documents = GetParam().make(options, ByteTokenizer());
    EXPECT_TRUE(documents.ok()) << documents.status().ToString();
    return documents.ok() ? *std::move(documents) : std::vector<Document>();
  }
};

TEST_P(GeneratedTaskTest, EachAnswerStandsOnceInItsDocument) {
  for (const uint64_t seed : {1, 2, 3}) {
    for (const Document& document : Make(Options(24000, seed))) {
      EXPECT_EQ(document.kind, GetParam().kind);
      std::set<std::string> prompts;
      std::set<std::string> ids;
      for (const Question& question : document.questions) {
        ASSERT_EQ(question.expected.size(), 1u);
        EXPECT_EQ(CountOf(document.text, question.expected.front()), 1) << question.prompt;
        EXPECT_GE(question.expected.front().size(), 4u) << question.prompt;
        EXPECT_EQ(CountOf(question.prompt + question.answer_prefix, question.expected.front()), 0);
        prompts.insert(question.prompt);
        ids.insert(question.id);
      }
      EXPECT_EQ(prompts.size(), document.questions.size());
      EXPECT_EQ(ids.size(), document.questions.size());
    }
  }
}

TEST_P(GeneratedTaskTest, LengthsAreWithin5Percent) {
  for (const int64_t tokens : {12000, 40000}) {
    for (const Document& document : Make(Options(tokens))) {
      EXPECT_NEAR(static_cast<double>(CountTokens(document.text)), static_cast<double>(tokens),
                  0.05 * static_cast<double>(tokens));
    }
  }
}

TEST_P(GeneratedTaskTest, DepthsSayWhereTheAnswerStands) {
  for (const Document& document : Make(Options(40000))) {
    double last = 0;
    for (const Question& question : document.questions) {
      const auto at = static_cast<double>(document.text.find(question.expected.front()));
      EXPECT_NEAR(question.depth, at / static_cast<double>(document.text.size()), 0.03);
      EXPECT_GE(question.depth, last);
      last = question.depth;
    }
    EXPECT_LT(document.questions.front().depth, 0.3);
    EXPECT_GT(document.questions.back().depth, 0.7);
  }
}

TEST_P(GeneratedTaskTest, SameSeedSameDocumentsOtherSeedOthers) {
  const auto documents = Make(Options(12000, 5));
  const auto again = Make(Options(12000, 5));
  const auto others = Make(Options(12000, 6));
  ASSERT_EQ(documents.size(), again.size());
  std::set<std::string> texts;
  for (size_t i = 0; i < documents.size(); ++i) {
    EXPECT_EQ(documents[i].text, again[i].text);
    EXPECT_EQ(documents[i].id, GetParam().kind + "-s5-d" + std::to_string(i));
    ASSERT_EQ(documents[i].questions.size(), again[i].questions.size());
    for (size_t j = 0; j < documents[i].questions.size(); ++j) {
      EXPECT_EQ(documents[i].questions[j].prompt, again[i].questions[j].prompt);
    }
    texts.insert(documents[i].text);
  }
  for (const Document& other : others) texts.insert(other.text);
  EXPECT_EQ(texts.size(), documents.size() + others.size());
}

TEST_P(GeneratedTaskTest, AsManyQuestionsAsAskedFor) {
  TaskOptions options = Options(40000);
  options.num_questions = 10;
  options.questions_per_document = 4;
  const auto documents = Make(options);
  ASSERT_EQ(documents.size(), 3u);
  for (const Document& document : documents) EXPECT_EQ(document.questions.size(), 4u);
}

TEST_P(GeneratedTaskTest, TooShortAContextSaysSo) {
  const auto documents = GetParam().make(Options(10), ByteTokenizer());
  EXPECT_EQ(documents.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(documents.status().message(), HasSubstr(GetParam().name));
  EXPECT_THAT(documents.status().message(), HasSubstr("10 tokens"));
}

TEST_P(GeneratedTaskTest, CountsBelow1AreRefused) {
  TaskOptions options = Options(4096);
  options.num_questions = 0;
  EXPECT_EQ(GetParam().make(options, ByteTokenizer()).status().code(),
            StatusCode::kInvalidArgument);
  options = Options(4096);
  options.questions_per_document = -1;
  EXPECT_EQ(GetParam().make(options, ByteTokenizer()).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(GetParam().make(Options(-5), ByteTokenizer()).status().code(),
            StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(All, GeneratedTaskTest,
                         ::testing::Values(Maker{"code-function", "code", MakeCodeFunction},
                                           Maker{"code-call", "code", MakeCodeCall},
                                           Maker{"records", "records", MakeRecords},
                                           Maker{"dialogue", "dialogue", MakeDialogue},
                                           Maker{"table", "table", MakeTable}),
                         [](const auto& maker) {
                           std::string name = maker.param.name;
                           std::erase(name, '-');
                           return name;
                         });

// A source whose every second unit repeats the fact of the one before: only different facts count.
TEST(GenerateTest, FactsThatStandTwiceAreNotAsked) {
  const auto open = [](Rng) -> UnitSource {
    return [n = 0]() mutable {
      const std::string key = n % 4 < 2 ? "twice" + std::to_string(n / 4) : "k" + std::to_string(n);
      const std::string answer = std::to_string(1000 + n++);
      return Unit{key + ": " + answer + ".\n", {{key + ":", answer, "What is " + key + "?", ""}}};
    };
  };
  TaskOptions options = Options(2000);
  const auto documents = Generate({.name = "t", .kind = "prose", .instructions = "", .open = open},
                                  options, ByteTokenizer());
  ASSERT_TRUE(documents.ok()) << documents.status().ToString();
  for (const Question& question : documents->front().questions) {
    EXPECT_EQ(question.prompt.find("twice"), std::string::npos) << question.prompt;
  }
}

}  // namespace
}  // namespace dynsplit::eval
