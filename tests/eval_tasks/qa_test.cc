#include "apps/eval/tasks/qa/qa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "apps/eval/metrics.h"
#include "apps/eval/tasks/qa/qa_file.h"
#include "eval_tasks/tasks_fixture.h"
#include "support/temp_file.h"

namespace dynsplit::eval {
namespace {

using dynsplit::testing::TempFile;
using nlohmann::json;
using testing::ByteTokenizer;
using testing::CountTokens;
using testing::DataOptions;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Number(int article, int paragraph) {
  return std::to_string(1000 + 10 * article + paragraph);
}

// 30 articles of 5 paragraphs with a question each, and one that has no answer.
json Squad() {
  json articles = json::array();
  for (int i = 0; i < 30; ++i) {
    json paragraphs = json::array();
    for (int j = 0; j < 5; ++j) {
      const std::string number = Number(i, j);
      paragraphs.push_back(
          {{"context", "Bridge " + number + " was built of stone by many hands."},
           {"qas",
            {{{"question", "Which bridge is number " + number + "?"},
              {"id", number},
              {"answers",
               {{{"text", number}, {"answer_start", 7}}, {{"text", number}, {"answer_start", 7}}}}},
             {{"question", "Who paid?"}, {"is_impossible", true}, {"answers", json::array()}}}}});
    }
    articles.push_back({{"title", "Bridges"}, {"paragraphs", paragraphs}});
  }
  return {{"version", "v2.0"}, {"data", articles}};
}

json Hotpot() {
  json questions = json::array();
  for (int i = 0; i < 30; ++i) {
    json context = json::array();
    for (int j = 0; j < 5; ++j) {
      const std::string number = Number(i, j);
      context.push_back(
          {"Bridge " + number, {"It is old.", " It crosses the river " + number + "."}});
    }
    const json facts = json::array(
        {json::array({"Bridge " + Number(i, 1), 1}), json::array({"Bridge " + Number(i, 3), 0})});
    questions.push_back({{"_id", std::to_string(i)},
                         {"question", "Which river does bridge " + Number(i, 1) + " cross?"},
                         {"answer", "river " + Number(i, 1)},
                         {"supporting_facts", facts},
                         {"context", context}});
  }
  return questions;
}

Status ErrorOf(const std::string& content) {
  const TempFile file(content);
  const auto read = ReadQaFile(file.path());
  EXPECT_THAT(read.status().message(), HasSubstr(file.path()));
  return read.status();
}

TEST(ReadQaFileTest, Squad) {
  const TempFile file(Squad().dump());
  const auto read = ReadQaFile(file.path());
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->paragraphs.size(), 150u);
  ASSERT_EQ(read->questions.size(), 150u);  // without those that have no answer
  EXPECT_THAT(read->questions[6].answers, ElementsAre("1011"));
  EXPECT_THAT(read->questions[6].gold, ElementsAre(6u));
  EXPECT_THAT(read->questions[6].near, ElementsAre(5u, 7u, 8u, 9u));
}

TEST(ReadQaFileTest, Hotpot) {
  const TempFile file(Hotpot().dump());
  const auto read = ReadQaFile(file.path());
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_EQ(read->questions.size(), 30u);
  EXPECT_EQ(read->paragraphs[1], "Bridge 1001\nIt is old. It crosses the river 1001.");
  EXPECT_THAT(read->questions[1].gold, ElementsAre(6u, 8u));
  EXPECT_THAT(read->questions[1].near, ElementsAre(5u, 7u, 9u));
}

TEST(ReadQaFileTest, FaultyFilesSayWhere) {
  EXPECT_EQ(ErrorOf("{").code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(ErrorOf("{}").message(), HasSubstr("neither SQuAD"));
  EXPECT_THAT(ErrorOf("3").message(), HasSubstr("neither SQuAD"));
  EXPECT_THAT(ErrorOf("[]").message(), HasSubstr("no question"));
  EXPECT_THAT(ErrorOf("{\"data\": 1}").message(), HasSubstr("\"data\" is a number"));
  EXPECT_THAT(ErrorOf("[7]").message(), HasSubstr("[0]: a number"));
  json squad = Squad();
  squad["data"][2]["paragraphs"][1].erase("context");
  EXPECT_THAT(ErrorOf(squad.dump()).message(), HasSubstr("data[2].paragraphs[1]: no \"context\""));
  squad = Squad();
  squad["data"][0]["paragraphs"][0]["qas"][0]["answers"][1]["text"] = 5;
  EXPECT_THAT(ErrorOf(squad.dump()).message(),
              HasSubstr("data[0].paragraphs[0].qas[0].answers[1]: \"text\" is a number"));
  json hotpot = Hotpot();
  hotpot[4]["supporting_facts"] = json::array({json::array({"Elsewhere", 0})});
  EXPECT_THAT(ErrorOf(hotpot.dump()).message(), HasSubstr("[4]: no paragraph"));
  hotpot = Hotpot();
  hotpot[4]["context"][1] = json::array({"Title alone"});
  EXPECT_THAT(ErrorOf(hotpot.dump()).message(), HasSubstr("[4].context[1]"));
  EXPECT_EQ(ErrorOf(std::string(1000000, '[')).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadQaFile("/nowhere/squad.json").status().code(), StatusCode::kNotFound);
}

void ExpectGoldAndLength(const json& content) {
  const TempFile file(content.dump());
  const auto documents = MakeQa(DataOptions(file.path(), 4000), ByteTokenizer());
  ASSERT_TRUE(documents.ok()) << documents.status().ToString();
  size_t num_questions = 0;
  for (const Document& document : *documents) {
    EXPECT_NEAR(static_cast<double>(CountTokens(document.text)), 4000, 200);
    num_questions += document.questions.size();
    EXPECT_THAT(document.text, HasSubstr("Document 1:\n"));
    for (const Question& question : document.questions) {
      EXPECT_THAT(document.text, HasSubstr(question.expected.front()));
      EXPECT_EQ(ScoreAnswer(question, question.expected.front()), 1);
      if (question.depth < 0) continue;
      EXPECT_NEAR(question.depth,
                  static_cast<double>(document.text.find(question.expected.front())) /
                      static_cast<double>(document.text.size()),
                  0.02);
    }
  }
  EXPECT_GE(num_questions, 24u);
}

TEST(QaTest, SquadParagraphsAmongOthers) { ExpectGoldAndLength(Squad()); }

TEST(QaTest, HotpotParagraphsAmongOthers) { ExpectGoldAndLength(Hotpot()); }

TEST(QaTest, EachQuestionOnceAndByTheSeed) {
  const TempFile file(Squad().dump());
  TaskOptions options = DataOptions(file.path(), 4000);
  options.num_questions = 1000;  // more than the file has
  const auto documents = MakeQa(options, ByteTokenizer());
  ASSERT_TRUE(documents.ok());
  std::set<std::string> prompts;
  size_t count = 0;
  for (const Document& document : *documents) {
    for (const Question& question : document.questions) {
      prompts.insert(question.prompt);
      ++count;
    }
  }
  EXPECT_EQ(count, 150u);
  EXPECT_EQ(prompts.size(), 150u);
  EXPECT_EQ((*documents)[1].text, (*MakeQa(options, ByteTokenizer()))[1].text);
  options.seed = 2;
  EXPECT_NE((*documents)[1].text, (*MakeQa(options, ByteTokenizer()))[1].text);
}

TEST(QaTest, TooLittleOrTooShort) {
  const TempFile file(Squad().dump());
  const auto long_context = MakeQa(DataOptions(file.path(), 100000), ByteTokenizer());
  EXPECT_EQ(long_context.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(long_context.status().message(), HasSubstr("wanted 100000"));
  const auto short_context = MakeQa(DataOptions(file.path(), 20), ByteTokenizer());
  EXPECT_EQ(short_context.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(short_context.status().message(), HasSubstr("20 tokens"));
  EXPECT_THAT(MakeQa(testing::Options(4096), ByteTokenizer()).status().message(),
              HasSubstr("--data"));
}

}  // namespace
}  // namespace dynsplit::eval
