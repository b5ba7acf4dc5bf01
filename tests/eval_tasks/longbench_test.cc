#include "apps/eval/tasks/longbench/longbench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "apps/eval/metrics.h"
#include "apps/eval/tasks/longbench/data_set.h"
#include "eval_tasks/tasks_fixture.h"
#include "support/temp_file.h"

namespace dynsplit::eval {
namespace {

using dynsplit::testing::TempFile;
using testing::ByteTokenizer;
using testing::CountTokens;
using testing::DataOptions;
using ::testing::HasSubstr;

constexpr std::string_view kHotpot =
    R"({"input": "Who wrote it?", "context": "Passage 1:\nAda wrote it.", "answers": ["Ada"],)"
    R"( "length": 7, "dataset": "hotpotqa", "language": "en", "all_classes": null, "_id": "f00"})";
constexpr std::string_view kTrec =
    R"({"input": "Question: Where is Oslo?\nType:", "context": "Question: x\nType: City",)"
    R"( "answers": ["Other location"], "dataset": "trec", "all_classes": ["City", "Other location"]})";
constexpr std::string_view kOwn =
    R"({"input": "Which colour?", "context": "It is red.", "answers": ["red", "crimson"],)"
    R"( "dataset": "mine"})";

Result<std::vector<Document>> Make(std::string_view content, int64_t context_tokens = 4096) {
  const TempFile file(content);
  return MakeLongBench(DataOptions(file.path(), context_tokens), ByteTokenizer());
}

// The error of a file whose second line is `line`.
Status SecondLineError(std::string_view line) {
  const auto documents = Make(std::string(kHotpot) + "\n" + std::string(line) + "\n");
  EXPECT_THAT(documents.status().message(), HasSubstr(":2"));
  return documents.status();
}

TEST(LongBenchTest, OneDocumentForEachLine) {
  const auto documents =
      Make(std::string(kHotpot) + "\n\n" + std::string(kTrec) + "\r\n" + std::string(kOwn));
  ASSERT_TRUE(documents.ok()) << documents.status().ToString();
  ASSERT_EQ(documents->size(), 3u);
  const Document& hotpot = (*documents)[0];
  EXPECT_EQ(hotpot.id, "hotpotqa-f00");
  EXPECT_EQ(hotpot.text, "Passage 1:\nAda wrote it.\n");
  EXPECT_EQ(hotpot.questions[0].metric, Metric::kF1);
  EXPECT_THAT(hotpot.questions[0].prompt, HasSubstr("Question: Who wrote it?"));
  const Question& trec = (*documents)[1].questions[0];
  EXPECT_EQ((*documents)[1].id, "trec-l3");
  EXPECT_EQ(trec.prompt, "Question: Where is Oslo?");
  EXPECT_EQ(trec.answer_prefix, "Type:");
  EXPECT_EQ(ScoreAnswer(trec, " Other location\nQuestion: y\nType: City"), 1);
  const Question& own = (*documents)[2].questions[0];
  EXPECT_EQ(own.metric, Metric::kContainsAny);
  EXPECT_EQ(ScoreAnswer(own, "Crimson, I think."), 1);
}

TEST(LongBenchTest, SetsHaveTheirMetrics) {
  EXPECT_EQ(FindLongBenchSet("samsum").metric, Metric::kRougeL);
  EXPECT_TRUE(FindLongBenchSet("samsum").first_line);
  EXPECT_FALSE(FindLongBenchSet("gov_report").first_line);
  EXPECT_EQ(FindLongBenchSet("passage_count").metric, Metric::kCount);
  EXPECT_EQ(FindLongBenchSet("passage_retrieval_zh").metric, Metric::kRetrieval);
  EXPECT_EQ(FindLongBenchSet("repobench-p").kind, "code");
  EXPECT_EQ(FindLongBenchSet("lcc_e").metric, Metric::kEdit);
  EXPECT_EQ(FindLongBenchSet("").metric, Metric::kContainsAny);
}

TEST(LongBenchTest, CutsLongContextsInTheMiddle) {
  std::string line(kOwn);
  line.replace(line.find("It is red."), 10, "begin" + std::string(500, '.') + "end");
  const auto documents = Make(line, 100);
  ASSERT_TRUE(documents.ok());
  const std::string& text = documents->front().text;
  EXPECT_TRUE(text.starts_with("begin.."));
  EXPECT_TRUE(text.ends_with("..end\n"));
  EXPECT_EQ(CountTokens(text), 101);  // and a newline
}

TEST(CutMiddleTest, LeavesNoPartOfACharacter) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "\u00e9\u4e16\U0001F600";
  for (int64_t tokens = 0; tokens < 40; ++tokens) {
    const auto cut = CutMiddle(text, tokens, ByteTokenizer());
    ASSERT_TRUE(cut.ok());
    EXPECT_LE(CountTokens(*cut), tokens);
    EXPECT_GE(CountTokens(*cut), tokens - 6);
    EXPECT_EQ(cut->find("\ufffd"), std::string::npos);
    Utf8Stream stream;
    EXPECT_EQ(stream.Append(*cut) + stream.Finish(), *cut) << tokens;
  }
  EXPECT_EQ(*CutMiddle("short", 5, ByteTokenizer()), "short");
}

TEST(LongBenchTest, ChoosesLinesByTheSeed) {
  std::string content;
  for (int i = 0; i < 50; ++i) content += std::string(kOwn) + "\n";
  const TempFile file(content);
  TaskOptions options = DataOptions(file.path());
  options.num_questions = 5;
  std::set<std::string> ids;
  for (const uint64_t seed : {1, 2, 3, 1}) {
    options.seed = seed;
    const auto documents = MakeLongBench(options, ByteTokenizer());
    ASSERT_TRUE(documents.ok());
    ASSERT_EQ(documents->size(), 5u);
    std::string all;
    for (const Document& document : *documents) all += document.id + " ";
    ids.insert(all);
  }
  EXPECT_EQ(ids.size(), 3u);
}

TEST(LongBenchTest, FaultyLinesAreNamed) {
  EXPECT_EQ(SecondLineError("{\"input\": ").code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(SecondLineError("[]").message(), HasSubstr("a list, wanted an object"));
  EXPECT_THAT(SecondLineError("7").message(), HasSubstr("a number, wanted an object"));
  EXPECT_THAT(SecondLineError("{}").message(), HasSubstr("no \"input\""));
  std::string line(kOwn);
  line.replace(line.find("\"mine\""), 6, "5");
  EXPECT_THAT(SecondLineError(line).message(), HasSubstr("\"dataset\" is a number"));
  line = kOwn;
  line.replace(line.find("[\"red\", \"crimson\"]"), 18, "\"red\"");
  EXPECT_THAT(SecondLineError(line).message(), HasSubstr("\"answers\" is a string"));
  line = kOwn;
  line.replace(line.find("\"red\", \"crimson\""), 16, "");
  EXPECT_THAT(SecondLineError(line).message(), HasSubstr("\"answers\" is empty"));
  for (const char* empty : {"\"\"", "\" \""}) {
    line = kOwn;
    line.replace(line.find("\"crimson\""), 9, empty);
    EXPECT_THAT(SecondLineError(line).message(), HasSubstr("an empty answer"));
  }
  line = kTrec;
  line.replace(line.find("[\"Other location\"]"), 18, "[\"City\", \"Village\"]");
  EXPECT_THAT(SecondLineError(line).message(), HasSubstr("\"Village\" is not in \"all_classes\""));
  line = kTrec;
  line.replace(line.find("[\"City\", \"Other location\"]"), 26, "null");
  EXPECT_THAT(SecondLineError(line).message(), HasSubstr("all_classes"));
  line = kOwn;
  line.replace(line.find("\"mine\""), 6, "\"passage_retrieval_en\"");
  EXPECT_THAT(SecondLineError(line).message(), HasSubstr("Paragraph N"));
  EXPECT_THAT(SecondLineError(kHotpot).message(), HasSubstr("_id"));
}

TEST(LongBenchTest, ChineseWordsAreUnsupportedByName) {
  for (const char* name : {"dureader", "multifieldqa_zh", "vcsum"}) {
    std::string line(kOwn);
    line.replace(line.find("mine"), 4, name);
    const Status status = SecondLineError(line);
    EXPECT_EQ(status.code(), StatusCode::kUnsupported);
    EXPECT_THAT(status.message(), HasSubstr(name));
  }
}

TEST(LongBenchTest, HostileLines) {
  for (const std::string& line : {std::string(1000000, '['), std::string("{\"input\": 1e999}"),
                                  std::string("{\"input\": \"\xff\"}"), std::string(3, '\0')}) {
    EXPECT_EQ(SecondLineError(line).code(), StatusCode::kInvalidArgument);
  }
}

TEST(LongBenchTest, MissingFiles) {
  const auto none = MakeLongBench(testing::Options(4096), ByteTokenizer());
  EXPECT_EQ(none.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(none.status().message(), HasSubstr("--data"));
  EXPECT_EQ(MakeLongBench(DataOptions("/nowhere/x.jsonl"), ByteTokenizer()).status().code(),
            StatusCode::kNotFound);
  EXPECT_EQ(Make("\n \n").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Make("").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace dynsplit::eval
