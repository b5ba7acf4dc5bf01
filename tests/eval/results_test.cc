#include "apps/eval/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <tuple>

#include "support/temp_folder.h"

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

// Each line, and what is said of it.
TEST_F(ResultsTest, WrongValuesAreTold) {
  ASSERT_TRUE(Open().Add(MakeRecord("d/q")).ok());
  json good = json::parse(folder_.Read("results.jsonl"));
  good["nll"] = 2.5;
  good["kl"] = 0.5;
  const std::tuple<const char*, json, const char*> wrong[] = {
      {"score", 1.5, "score is 1.5, wanted a number from 0.0 to 1.0"},
      {"score", -0.1, "score is -0.1"},
      {"score", "1", "score is \"1\""},
      {"score", nullptr, "score is null"},
      {"depth", 2, "depth is 2"},
      {"context", -1, "context is -1, wanted a whole number from 0 up"},
      {"context_tokens", 1.5, "context_tokens is 1.5"},
      {"index_bytes", 1e300, "index_bytes is 1e+300"},
      {"attended_tokens", -1, "attended_tokens is -1"},
      {"nll", nullptr, "nll is null, wanted a number"},
      {"task", {1}, "task is array, wanted a text"},
      {"expected", {"a", 1}, "expected is array, wanted a list of texts"},
  };
  for (const auto& [key, value, saying] : wrong) {
    json bad = good;
    bad[key] = value;
    folder_.Write("results.jsonl", good.dump() + "\n" + bad.dump() + "\n");
    const Status status = ReadResults(path_).status();
    EXPECT_EQ(status.code(), StatusCode::kCorruption) << saying;
    EXPECT_THAT(status.message(), HasSubstr(path_ + ": line 2: " + saying));
  }
  for (const auto& [key, saying] : {std::pair("nll", "no nll"), std::pair("kl", "no kl")}) {
    json half = good;
    half.erase(key);
    folder_.Write("results.jsonl", half.dump() + "\n");
    EXPECT_EQ(ReadResults(path_).status().message(), path_ + ": line 1: " + saying);
  }
  good.erase("answer");
  folder_.Write("results.jsonl", good.dump() + "\n");
  EXPECT_EQ(ReadResults(path_).status().message(), path_ + ": line 1: no answer");
  for (const char* text : {"{\"score\": 1e999}\n", "{\n"}) {
    folder_.Write("results.jsonl", text);
    EXPECT_EQ(ReadResults(path_).status().message(), path_ + ": line 1: not JSON");
  }
}

TEST_F(ResultsTest, OfRepeatedRecordsTheFirstCounts) {
  ASSERT_TRUE(Open().Add(MakeRecord("d/q")).ok());
  const std::string line = folder_.Read("results.jsonl");
  json other = json::parse(line);
  other["answer"] = "another";
  folder_.Write("results.jsonl", line + line + other.dump() + "\n");
  const Results results = Open();
  ASSERT_EQ(results.records().size(), 1u);
  ExpectSame(results.records().front(), MakeRecord("d/q"));
}

TEST_F(ResultsTest, OneRunAtATimeHasTheFolder) {
  const Results results = Open();
  const Status second = Results::Open(folder_.path(), {}).status();
  EXPECT_EQ(second.code(), StatusCode::kUnavailable);
  EXPECT_THAT(second.message(), HasSubstr("another run"));
}

TEST_F(ResultsTest, FolderWithoutResultsIsAnyRuns) {
  ImportanceRecord learned;
  learned.delimiter = "comma";
  RunDescription other;
  other.seed = 9;
  {
    Results results = Open();
    ASSERT_TRUE(results.AddImportance({&learned, 1}).ok());
  }
  {
    auto corrected = Results::Open(folder_.path(), other);
    ASSERT_TRUE(corrected.ok()) << corrected.status().ToString();
    EXPECT_EQ(folder_.Read("importance.jsonl"), "");
    ASSERT_TRUE(corrected->Add(MakeRecord("d/q")).ok());
  }
  EXPECT_EQ(Results::Open(folder_.path(), {}).status().code(), StatusCode::kInvalidArgument);
}

// It need not be a run.json of ours.
TEST_F(ResultsTest, RunWithoutAFileOfResultsIsKept) {
  folder_.Write("run.json", "{\"mine\": 1}");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Results::Open(folder_.path(), {}).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(folder_.Read("run.json"), "{\"mine\": 1}");
  }
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
                             .method = "dynsplit",
                             .context = 4096,
                             .delimiter = "sentence",
                             .count = 12,
                             .weight = 0.75,
                             .standard_error = 0.125};
  ASSERT_TRUE(Open().AddImportance({&record, 1}).ok());
  std::vector<ImportanceRecord> more = {record, record, record};
  more[1].delimiter = "comma";
  more[2].method = "lava";
  ASSERT_TRUE(Open().AddImportance(more).ok());
  const auto read = ReadImportance(folder_.path() + "/importance.jsonl");
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_EQ(read->size(), 3u);
  EXPECT_EQ((*read)[0].document, "d");
  EXPECT_EQ((*read)[0].method, "dynsplit");
  EXPECT_EQ((*read)[0].count, 12);
  EXPECT_EQ((*read)[0].weight, 0.75);
  EXPECT_EQ((*read)[0].standard_error, 0.125);
  EXPECT_EQ((*read)[1].delimiter, "comma");
  EXPECT_EQ((*read)[2].method, "lava");
}

}  // namespace
}  // namespace dynsplit::eval
