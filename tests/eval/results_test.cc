#include "apps/eval/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "eval/temp_folder.h"

namespace dynsplit::eval {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Record MakeRecord(const std::string& id) {
  Record record;
  record.task = "niah";
  record.id = id;
  record.kind = "prose";
  record.method = "dynsplit";
  record.budget = "3%";
  record.context = 4096;
  record.context_tokens = 4111;
  record.depth = 0.25;
  record.expected = {"48213", "x"};
  record.answer = "It is \"48213\".\n";
  record.score = 1.0 / 3;
  record.attended_tokens = 190.125;
  record.index_bytes = 4096;
  return record;
}

void ExpectSame(const Record& got, const Record& want) {
  EXPECT_EQ(got.task, want.task);
  EXPECT_EQ(got.id, want.id);
  EXPECT_EQ(got.kind, want.kind);
  EXPECT_EQ(got.method, want.method);
  EXPECT_EQ(got.budget, want.budget);
  EXPECT_EQ(got.context, want.context);
  EXPECT_EQ(got.context_tokens, want.context_tokens);
  EXPECT_EQ(got.depth, want.depth);
  EXPECT_EQ(got.expected, want.expected);
  EXPECT_EQ(got.answer, want.answer);
  EXPECT_EQ(got.score, want.score);
  EXPECT_EQ(got.attended_tokens, want.attended_tokens);
  EXPECT_EQ(got.index_bytes, want.index_bytes);
  EXPECT_EQ(got.nll, want.nll);
  EXPECT_EQ(got.kl, want.kl);
}

class ResultsTest : public ::testing::Test {
 protected:
  Results Open() {
    auto results = Results::Open(folder_.path(), {});
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return *std::move(results);
  }

  const testing::TempFolder folder_;
  const std::string path_ = folder_.path() + "/results.jsonl";
};

TEST_F(ResultsTest, RecordsComeBackAsTheyWere) {
  Record continued = MakeRecord("d/continued");
  continued.budget = "";
  continued.depth = -1;
  continued.expected.clear();
  continued.nll = 2.5;
  continued.kl = 0.0;
  {
    Results results = Open();
    ASSERT_TRUE(results.Add(MakeRecord("d/asked")).ok());
    ASSERT_TRUE(results.Add(continued).ok());
  }
  const auto read = ReadResults(path_);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_EQ(read->size(), 2u);
  ExpectSame((*read)[0], MakeRecord("d/asked"));
  ExpectSame((*read)[1], continued);
}

TEST_F(ResultsTest, KeysOfTheContract) {
  ASSERT_TRUE(Open().Add(MakeRecord("d/q")).ok());
  Record other = MakeRecord("d/r");
  other.budget = "";
  other.depth = -1;
  ASSERT_TRUE(Open().Add(other).ok());
  const auto lines = ReadLines(path_);
  const json line = json::parse((*lines)[0]);
  for (const char* key : {"task", "id", "method", "budget", "context_tokens", "expected", "answer",
                          "score", "attended_tokens"}) {
    EXPECT_TRUE(line.contains(key)) << key;
  }
  EXPECT_EQ(line["budget"], "3%");
  EXPECT_EQ(line["depth"], 0.25);
  EXPECT_FALSE(line.contains("nll"));
  EXPECT_TRUE(json::parse((*lines)[1])["budget"].is_null());
  EXPECT_FALSE(json::parse((*lines)[1]).contains("depth"));
}

TEST_F(ResultsTest, IllFormedUtf8IsRepaired) {
  Record record = MakeRecord("d/\xff");
  record.answer = "caf\xc3 \xe2\x82";
  {
    Results results = Open();
    ASSERT_TRUE(results.Add(record).ok());
    EXPECT_TRUE(results.Has(record));
  }
  const auto read = ReadResults(path_);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->front().answer, "caf\xef\xbf\xbd \xef\xbf\xbd");
  EXPECT_TRUE(Open().Has(record));
}

TEST_F(ResultsTest, HasGoesByTaskIdContextMethodAndBudget) {
  ASSERT_TRUE(Open().Add(MakeRecord("d/q")).ok());
  const Results results = Open();
  Record same = MakeRecord("d/q");
  same.answer = "another";
  EXPECT_TRUE(results.Has(same));
  EXPECT_EQ(results.records().size(), 1u);
  for (const auto& change : std::vector<void (*)(Record*)>{
           [](Record* r) { r->task = "vt"; }, [](Record* r) { r->id = "d/r"; },
           [](Record* r) { r->context = 1; }, [](Record* r) { r->method = "quest"; },
           [](Record* r) { r->budget = "8%"; }}) {
    Record other = MakeRecord("d/q");
    change(&other);
    EXPECT_FALSE(results.Has(other));
  }
}

TEST_F(ResultsTest, TornLineIsDoneAgain) {
  {
    Results results = Open();
    ASSERT_TRUE(results.Add(MakeRecord("d/1")).ok());
    ASSERT_TRUE(results.Add(MakeRecord("d/2")).ok());
  }
  const std::string whole = folder_.Read("results.jsonl");
  folder_.Write("results.jsonl", whole.substr(0, whole.size() - 7));
  EXPECT_EQ(ReadResults(path_)->size(), 1u);
  Results results = Open();
  EXPECT_TRUE(results.Has(MakeRecord("d/1")));
  EXPECT_FALSE(results.Has(MakeRecord("d/2")));
  ASSERT_TRUE(results.Add(MakeRecord("d/2")).ok());
  EXPECT_EQ(folder_.Read("results.jsonl"), whole);
}

TEST_F(ResultsTest, WrongLineIsCorruption) {
  ASSERT_TRUE(Open().Add(MakeRecord("d/q")).ok());
  const std::string good = folder_.Read("results.jsonl");
  for (const char* bad : {"{\n", "\n", "[1]\n", "{\"task\":3}\n"}) {
    folder_.Write("results.jsonl", good + bad + good);
    const Status status = ReadResults(path_).status();
    EXPECT_EQ(status.code(), StatusCode::kCorruption) << bad;
    EXPECT_THAT(status.message(), HasSubstr("line 2"));
    EXPECT_EQ(Results::Open(folder_.path(), {}).status().code(), StatusCode::kCorruption);
  }
  EXPECT_EQ(ReadResults(folder_.path() + "/none").status().code(), StatusCode::kNotFound);
}

TEST_F(ResultsTest, FoldersOfOtherRunsAreRefused) {
  ASSERT_TRUE(Open().Add(MakeRecord("d/q")).ok());
  RunDescription other;
  other.seed = 9;
  EXPECT_EQ(Results::Open(folder_.path(), other).status().code(), StatusCode::kInvalidArgument);
  std::filesystem::remove(folder_.path() + "/run.json");
  EXPECT_THAT(Results::Open(folder_.path(), {}).status().message(), HasSubstr("run.json"));
  EXPECT_FALSE(Results::Open("/proc/no/folder", {}).ok());
}

TEST_F(ResultsTest, ImportanceIsWrittenOnce) {
  ImportanceRecord record = {.task = "niah",
                             .document = "d",
                             .kind = "prose",
                             .context = 4096,
                             .delimiter = "sentence",
                             .count = 12,
                             .weight = 0.75,
                             .standard_error = 0.125};
  ASSERT_TRUE(Open().AddImportance({&record, 1}).ok());
  std::vector<ImportanceRecord> more = {record, record};
  more[1].delimiter = "comma";
  ASSERT_TRUE(Open().AddImportance(more).ok());
  const auto read = ReadImportance(folder_.path() + "/importance.jsonl");
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].document, "d");
  EXPECT_EQ((*read)[0].count, 12);
  EXPECT_EQ((*read)[0].weight, 0.75);
  EXPECT_EQ((*read)[0].standard_error, 0.125);
  EXPECT_EQ((*read)[1].delimiter, "comma");
}

}  // namespace
}  // namespace dynsplit::eval
