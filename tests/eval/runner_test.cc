#include "apps/eval/runner.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "apps/eval/continuation.h"
#include "apps/eval/metrics.h"
#include "dynsplit/generate.h"
#include "engine/engine_fixture.h"
#include "support/temp_folder.h"

namespace dynsplit::eval {
namespace {

using ::testing::HasSubstr;

std::atomic<bool> stop = false;

std::string Text(int64_t sentences) {
  std::string text;
  for (int64_t i = 0; i < sentences; ++i) {
    text += "In the town of " + std::string(1, static_cast<char>('a' + i % 26)) + ", and on. ";
  }
  return text;
}

// Two documents with two questions each. The context counts sentences here.
Result<std::vector<Document>> MakeTowns(const TaskOptions& options, const Tokenizer&) {
  std::vector<Document> documents(2);
  for (size_t d = 0; d < documents.size(); ++d) {
    documents[d].id = "d" + std::to_string(d);
    documents[d].kind = "prose";
    documents[d].text = Text(options.context_tokens + static_cast<int64_t>(d));
    for (const char* town : {"a", "b"}) {
      Question question;
      question.id = town;
      question.prompt = std::string("Where is ") + town + "?";
      question.answer_prefix = "It is";
      question.expected = {"e", "t"};
      question.max_tokens = 6;
      question.depth = 0.5;
      documents[d].questions.push_back(question);
    }
  }
  return documents;
}

Result<std::vector<Document>> MakeContinued(const TaskOptions& options, const Tokenizer&) {
  Document document;
  document.id = "story";
  document.kind = "prose";
  document.text = Text(options.context_tokens);
  Question question;
  question.id = "rest";
  question.metric = Metric::kContinuation;
  question.continuation = "The sea and the hill and then no more of it.";
  document.questions = {question};
  return std::vector{document};
}

// As if somebody interrupted while it is made.
Result<std::vector<Document>> MakeAndStop(const TaskOptions& options, const Tokenizer& tokenizer) {
  stop = true;
  return MakeTowns(options, tokenizer);
}

Result<std::vector<Document>> MakeNone(const TaskOptions&, const Tokenizer&) {
  return InvalidArgument("the haystack is too short");
}

Result<std::vector<Document>> MakeNoneAndSaySo(const TaskOptions&, const Tokenizer&) {
  return InvalidArgument("empty-handed: the haystack is too short");
}

// A continuation among the questions is found when the document is to be read.
Result<std::vector<Document>> MakeUnreadable(const TaskOptions& options,
                                             const Tokenizer& tokenizer) {
  auto documents = MakeTowns(options, tokenizer);
  documents->front().questions.back().metric = Metric::kContinuation;
  return documents;
}

// What the last question expects is not known.
Result<std::vector<Document>> MakeOpen(const TaskOptions& options, const Tokenizer& tokenizer) {
  auto documents = MakeTowns(options, tokenizer);
  documents->front().questions.back().expected.clear();
  return documents;
}

constexpr TaskEntry kTowns = {"towns", "", MakeTowns};
constexpr TaskEntry kContinued = {"continued", "", MakeContinued};

MethodCase Case(const std::string& name, int64_t budget = 0) {
  MethodCase method = {name, budget > 0 ? std::to_string(budget) : "", *MethodPreset(name)};
  method.method.budget = {.tokens = budget};
  method.method.recent = 16;
  return method;
}

class RunnerTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    Load({.num_layers = 4, .context_length = 1024});
    stop = false;
    plan_.tasks = {kTowns};
    plan_.contexts = {25};
    plan_.methods = {Case("full"), Case("recent"), Case("dynsplit", 32), Case("dynsplit", 64)};
    plan_.cancel = &stop;
  }

  Status Run(const std::string& folder) {
    auto results = Results::Open(folder, {});
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    const auto exam = Exam::Create(engine_->model(), engine_->model().chat_template(), {});
    EXPECT_TRUE(exam.ok()) << exam.status().ToString();
    const auto documents = MakeDocuments(plan_, engine_->model().tokenizer());
    if (!documents.ok()) return documents.status();
    return RunEval(plan_, *documents, *exam, engine_.get(), &*results);
  }

  // Runs to the end in a folder of its own.
  std::vector<Record> RunAll() {
    const testing::TempFolder folder;
    const Status status = Run(folder.path());
    EXPECT_TRUE(status.ok()) << status.ToString();
    return Records(folder);
  }

  static std::vector<Record> Records(const testing::TempFolder& folder) {
    const auto records = ReadResults(folder.path() + "/results.jsonl");
    EXPECT_TRUE(records.ok()) << records.status().ToString();
    return *records;
  }

  // Answers of a method, by question.
  static std::map<std::string, std::string> Answers(const std::vector<Record>& records,
                                                    const std::string& method) {
    std::map<std::string, std::string> answers;
    for (const Record& record : records) {
      if (record.method == method) answers[record.id] = record.answer;
    }
    return answers;
  }

  struct ForeseenAlone {
    std::string method;
    ContinuationScore score;
  };

  // How the methods foresee the expected answer, each in a session that nothing was forked from.
  std::vector<ForeseenAlone> Foresee(const Document& document, const Question& question) {
    const auto exam = Exam::Create(engine_->model(), engine_->model().chat_template(), {});
    const auto read = exam->DocumentTokens(document);
    Continuation expected(*exam->ExpectedTokens(question), engine_->model().tokenizer().size());
    std::vector<MethodCase> methods = plan_.methods;
    methods.insert(methods.begin(), Case("full"));
    std::vector<ForeseenAlone> foreseen;
    for (const MethodCase& method : methods) {
      const auto session = NewSession(method.method);
      const FeedOptions asked = {.attention = plan_.question};
      EXPECT_TRUE(session->Feed(std::span(*read).first(read->size() - 1)).ok());
      EXPECT_TRUE(session->Feed(std::span(*read).last(1), asked).ok());
      EXPECT_TRUE(session->Feed(*exam->QuestionTokens(question), asked).ok());
      foreseen.push_back({method.name, *expected.Score(session.get(), nullptr)});
    }
    foreseen.erase(foreseen.begin());
    return foreseen;
  }

  static double MeanAttended(const std::vector<Record>& records, const std::string& method,
                             const std::string& budget = "") {
    double sum = 0;
    int count = 0;
    for (const Record& record : records) {
      if (record.method != method || record.budget != budget) continue;
      sum += record.attended_tokens;
      ++count;
    }
    return sum / count;
  }

  EvalPlan plan_;
};

TEST_F(RunnerTest, EveryMethodAnswersTheSameQuestions) {
  const std::vector<Record> records = RunAll();
  std::map<std::string, std::set<std::string>> asked;
  for (const Record& record : records) {
    asked[record.method + " " + record.budget].insert(record.id);
    EXPECT_EQ(record.task, "towns");
    EXPECT_EQ(record.kind, "prose");
    EXPECT_EQ(record.context, 25);
    EXPECT_EQ(record.depth, 0.5);
    EXPECT_EQ(record.expected, (std::vector<std::string>{"e", "t"}));
    Question question;
    question.expected = record.expected;
    EXPECT_EQ(record.score, ScoreAnswer(question, record.answer));
    EXPECT_EQ(record.index_bytes > 0, record.method == "dynsplit") << record.method;
    EXPECT_FALSE(record.nll || record.kl);
  }
  const std::set<std::string> ids = {"d0/a", "d0/b", "d1/a", "d1/b"};
  ASSERT_EQ(asked.size(), 4u);
  for (const auto& [method, questions] : asked) EXPECT_EQ(questions, ids) << method;
  EXPECT_EQ(records.size(), 16u);
  EXPECT_LT(MeanAttended(records, "dynsplit", "32"), MeanAttended(records, "dynsplit", "64"));
  EXPECT_LT(MeanAttended(records, "dynsplit", "64"), MeanAttended(records, "full"));
}

// Full attention's answers are those of a session that nothing was forked from.
TEST_F(RunnerTest, ForksDoNotDisturbEachOther) {
  std::swap(plan_.methods.front(), plan_.methods.back());
  const std::vector<Record> records = RunAll();
  const auto answers = Answers(records, "full");
  const auto exam = Exam::Create(engine_->model(), engine_->model().chat_template(), {});
  TaskOptions options;
  options.context_tokens = plan_.contexts.front();
  const auto documents = MakeTowns(options, engine_->model().tokenizer());
  for (const Document& document : *documents) {
    const auto read = exam->DocumentTokens(document);
    for (const Question& question : document.questions) {
      const auto session = NewSession(*MethodPreset("full"));
      ASSERT_TRUE(session->Feed(*read).ok());
      ASSERT_TRUE(session->Feed(*exam->QuestionTokens(question)).ok());
      const auto answer = Generate(session.get(), engine_->model().tokenizer(), {.max_tokens = 6});
      EXPECT_EQ(answers.at(document.id + "/" + question.id), answer->text);
    }
    const auto record = std::find_if(records.begin(), records.end(),
                                     [&](const Record& r) { return r.id == document.id + "/a"; });
    EXPECT_EQ(record->context_tokens, static_cast<int64_t>(read->size()));
  }
}

// Rows of the question attend to less than those of the answer after it, and do not count where
// they are dense.
TEST_F(RunnerTest, QuestionsMayBeReadDensely) {
  const std::vector<Record> selected = RunAll();
  plan_.question = Attention::kDense;
  const std::vector<Record> dense = RunAll();
  EXPECT_EQ(Answers(selected, "full"), Answers(dense, "full"));
  EXPECT_GT(MeanAttended(dense, "full"), MeanAttended(selected, "full") + 1);
}

// h2o has to count while the document is read; nothing that others answer depends on that. Where
// the question is dense, its rows vote too.
TEST_F(RunnerTest, EvictionByVotesBesideOthers) {
  for (const Attention question : {Attention::kSelected, Attention::kDense}) {
    plan_.question = question;
    plan_.methods = {Case("full"), Case("snapkv", 32), Case("dynsplit", 32)};
    const std::vector<Record> without = RunAll();
    plan_.methods.push_back(Case("h2o", 32));
    const std::vector<Record> with = RunAll();
    for (const MethodCase& method : plan_.methods) {
      EXPECT_EQ(Answers(with, method.name).size(), 4u) << method.name;
      if (method.name == "h2o") continue;
      EXPECT_EQ(Answers(with, method.name), Answers(without, method.name)) << method.name;
      EXPECT_EQ(MeanAttended(with, method.name, method.budget),
                MeanAttended(without, method.name, method.budget));
    }
    EXPECT_LT(MeanAttended(with, "h2o", "32"), MeanAttended(with, "full"));
    EXPECT_EQ(MeanAttended(with, "h2o", "32"), MeanAttended(with, "snapkv", "32"));
  }
}

TEST_F(RunnerTest, ContinuationsUnderEviction) {
  plan_.tasks = {kContinued};
  plan_.methods = {Case("h2o", 32), Case("snapkv", 32), Case("recent")};
  std::map<std::string, Record> by_method;
  for (const Record& record : RunAll()) by_method[record.method] = record;
  ASSERT_EQ(by_method.size(), 3u);
  EXPECT_GT(*by_method["h2o"].kl, 0);
  EXPECT_GT(*by_method["snapkv"].kl, 0);
  EXPECT_NE(*by_method["h2o"].kl, *by_method["snapkv"].kl);  // other votes, other tokens
}

TEST_F(RunnerTest, GoesOnWhereItWas) {
  const testing::TempFolder folder;
  plan_.methods = {Case("full")};
  ASSERT_TRUE(Run(folder.path()).ok());
  const std::string before = folder.Read("results.jsonl");
  folder.Write("results.jsonl", before.substr(0, before.size() - 10));  // the last line torn
  plan_.methods = {Case("full"), Case("recent")};
  ASSERT_TRUE(Run(folder.path()).ok());
  const std::vector<Record> records = Records(folder);
  EXPECT_EQ(records.size(), 8u);
  EXPECT_EQ(Answers(records, "full").size(), 4u);
  EXPECT_EQ(Answers(records, "recent").size(), 4u);
  EXPECT_EQ(folder.Read("results.jsonl").find(before.substr(0, before.size() / 2)), 0u);
}

// An engine without room for them would refuse documents that are read.
TEST_F(RunnerTest, WhatIsDoneIsNotReadAgain) {
  const testing::TempFolder folder;
  plan_.methods = {Case("full")};
  ASSERT_TRUE(Run(folder.path()).ok());
  Load({.num_layers = 4}, {.threads = 1, .context_tokens = 16});
  EXPECT_TRUE(Run(folder.path()).ok());
  plan_.contexts = {25, 26};
  const Status status = Run(folder.path());
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("towns d0"));
}

TEST_F(RunnerTest, InterruptKeepsWhatIsThere) {
  const testing::TempFolder folder;
  ASSERT_TRUE(Run(folder.path()).ok());
  plan_.tasks = {kTowns, {"stopped", "", MakeAndStop}};  // the last one: all are made
  EXPECT_EQ(Run(folder.path()).code(), StatusCode::kCancelled);
  EXPECT_EQ(Records(folder).size(), 16u);
  stop = false;
  plan_.tasks = {kTowns, {"stopped", "", MakeTowns}};
  EXPECT_TRUE(Run(folder.path()).ok());
  EXPECT_EQ(Records(folder).size(), 32u);
}

TEST_F(RunnerTest, InterruptBetweenTasksThatAreMade) {
  plan_.tasks = {{"stopped", "", MakeAndStop}, {"empty-handed", "", MakeNone}};
  EXPECT_EQ(MakeDocuments(plan_, engine_->model().tokenizer()).status().code(),
            StatusCode::kCancelled);
}

TEST_F(RunnerTest, TaskErrorsNameTheTaskOnce) {
  for (const auto make : {MakeNone, MakeNoneAndSaySo}) {
    plan_.tasks = {kTowns, {"empty-handed", "", make}};
    const Status status = MakeDocuments(plan_, engine_->model().tokenizer()).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), "empty-handed: the haystack is too short");
  }
}

TEST_F(RunnerTest, WhatWasAnsweredBeforeAnErrorStays) {
  const testing::TempFolder folder;
  plan_.tasks = {kTowns, {"unreadable", "", MakeUnreadable}};
  const Status status = Run(folder.path());
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("unreadable d0: "));
  EXPECT_EQ(Records(folder).size(), 16u);
}

TEST_F(RunnerTest, EachContextHasItsDocuments) {
  plan_.contexts = {5, 25};
  const auto all = MakeDocuments(plan_, engine_->model().tokenizer());
  ASSERT_TRUE(all.ok()) << all.status().ToString();
  ASSERT_EQ(all->size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*all)[i].task, "towns");
    EXPECT_EQ((*all)[i].context, plan_.contexts[i]);
    EXPECT_EQ((*all)[i].documents.front().text, Text(plan_.contexts[i]));
  }
}

TEST_F(RunnerTest, ContinuationsAreComparedWithFull) {
  plan_.tasks = {kContinued};
  plan_.methods = {Case("recent"), Case("dynsplit", 32), Case("full")};
  std::map<std::string, Record> by_method;
  for (const Record& record : RunAll()) by_method[record.method] = record;
  ASSERT_EQ(by_method.size(), 3u);
  for (const auto& [name, record] : by_method) {
    EXPECT_EQ(record.id, "story/rest");
    EXPECT_EQ(record.answer, "");
    EXPECT_GT(*record.nll, 0);
    EXPECT_GT(record.attended_tokens, 0);
  }
  EXPECT_EQ(*by_method["full"].kl, 0);
  EXPECT_EQ(by_method["full"].score, 1);
  EXPECT_GT(*by_method["recent"].kl, *by_method["dynsplit"].kl);
  EXPECT_GT(*by_method["dynsplit"].kl, 0);

  plan_.methods = {Case("recent")};  // full attention is read all the same
  const std::vector<Record> alone = RunAll();
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_EQ(*alone[0].kl, *by_method["recent"].kl);
  EXPECT_EQ(*alone[0].nll, *by_method["recent"].nll);
}

TEST_F(RunnerTest, ExpectedAnswersAreFed) {
  plan_.answers = Answers::kFed;
  plan_.methods = {Case("recent"), Case("full"), Case("dynsplit", 32)};
  const std::vector<Record> records = RunAll();
  ASSERT_EQ(records.size(), 12u);
  for (const Record& record : records) {
    EXPECT_EQ(record.answer, "");
    EXPECT_EQ(record.expected, (std::vector<std::string>{"e", "t"}));
    ASSERT_TRUE(record.nll && record.kl);
    EXPECT_GT(*record.nll, 0);
    EXPECT_GT(record.attended_tokens, 0);
    if (record.method == "full") {
      EXPECT_EQ(*record.kl, 0);
      EXPECT_EQ(record.score, 1);
    } else {
      EXPECT_GT(*record.kl, 0) << record.method;
    }
  }
  EXPECT_LT(MeanAttended(records, "dynsplit", "32"), MeanAttended(records, "full"));
}

// Full attention's steps are its rows; a method whose steps share blocks foresees otherwise.
TEST_F(RunnerTest, SteppedAnswersShareBlocks) {
  MethodCase steady = Case("dynsplit", 16);
  steady.method.refine = 2;
  steady.method.cosine = -1;
  plan_.methods = {Case("full"), steady};
  plan_.answers = Answers::kFed;
  const std::vector<Record> fed = RunAll();
  plan_.answers = Answers::kStepped;
  const std::vector<Record> stepped = RunAll();
  ASSERT_EQ(fed.size(), stepped.size());
  int different = 0;
  for (size_t i = 0; i < fed.size(); ++i) {
    EXPECT_EQ(fed[i].method, stepped[i].method);
    if (fed[i].method == "full") {
      EXPECT_EQ(*fed[i].nll, *stepped[i].nll);
    } else {
      different += *fed[i].nll != *stepped[i].nll ? 1 : 0;
    }
  }
  EXPECT_GT(different, 0);
}

// What a method foresees does not depend on who else is measured, nor on the questions before.
TEST_F(RunnerTest, FedAnswersAreForeseenAsBySessionsOfTheirOwn) {
  plan_.answers = Answers::kFed;
  plan_.methods = {Case("recent"), Case("dynsplit", 32)};
  const auto documents = MakeDocuments(plan_, engine_->model().tokenizer());
  for (const Attention attention : {Attention::kSelected, Attention::kDense}) {
    plan_.question = attention;
    const std::vector<Record> records = RunAll();
    for (const Document& document : documents->front().documents) {
      for (const Question& question : document.questions) {
        for (const ForeseenAlone& want : Foresee(document, question)) {
          const auto got = std::find_if(records.begin(), records.end(), [&](const Record& record) {
            return record.id == document.id + "/" + question.id && record.method == want.method;
          });
          ASSERT_NE(got, records.end()) << want.method;
          EXPECT_EQ(got->nll, want.score.nll) << want.method;
          EXPECT_EQ(got->kl, want.score.kl) << want.method;
          EXPECT_EQ(got->score, want.score.same_top) << want.method;
        }
      }
    }
  }
}

TEST_F(RunnerTest, FeedingGoesOnWhereItWas) {
  plan_.answers = Answers::kFed;
  const std::vector<Record> at_once = RunAll();
  const testing::TempFolder folder;
  plan_.methods = {Case("dynsplit", 32)};
  ASSERT_TRUE(Run(folder.path()).ok());
  const std::string before = folder.Read("results.jsonl");
  folder.Write("results.jsonl", before.substr(0, before.size() - 10));  // the last line torn
  plan_.methods = {Case("full"), Case("recent"), Case("dynsplit", 32), Case("dynsplit", 64)};
  ASSERT_TRUE(Run(folder.path()).ok());
  std::map<std::string, double> kl;
  for (const Record& r : at_once) kl[r.id + r.method + r.budget] = *r.kl;
  const std::vector<Record> records = Records(folder);
  EXPECT_EQ(records.size(), at_once.size());
  for (const Record& r : records) EXPECT_EQ(*r.kl, kl.at(r.id + r.method + r.budget)) << r.method;
}

TEST_F(RunnerTest, ContinuationsAreTheSameWhereAnswersAreFed) {
  plan_.tasks = {kContinued};
  plan_.question = Attention::kDense;
  const std::vector<Record> written = RunAll();
  plan_.answers = Answers::kFed;
  const std::vector<Record> fed = RunAll();
  ASSERT_EQ(fed.size(), written.size());
  for (size_t i = 0; i < fed.size(); ++i) {
    EXPECT_EQ(fed[i].nll, written[i].nll);
    EXPECT_EQ(fed[i].kl, written[i].kl);
    EXPECT_EQ(fed[i].attended_tokens, written[i].attended_tokens);
  }
}

TEST_F(RunnerTest, FedQuestionsThatExpectNothingAreNamed) {
  plan_.answers = Answers::kFed;
  plan_.tasks = {{"open", "", MakeOpen}};
  const testing::TempFolder folder;
  const Status status = Run(folder.path());
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "open d0: question b: nothing is expected");
  EXPECT_EQ(Records(folder).size(), plan_.methods.size());  // those of the question before
}

TEST_F(RunnerTest, ImportanceOfEachDocumentOnce) {
  const testing::TempFolder folder;
  plan_.methods = {Case("full")};
  ASSERT_TRUE(Run(folder.path()).ok());
  EXPECT_EQ(folder.Read("importance.jsonl"), "");
  plan_.methods = {Case("full"), Case("dynsplit", 32)};
  ASSERT_TRUE(Run(folder.path()).ok());
  const auto learned = ReadImportance(folder.path() + "/importance.jsonl");
  ASSERT_TRUE(learned.ok()) << learned.status().ToString();
  std::set<std::string> documents;
  for (const ImportanceRecord& record : *learned) {
    if (record.delimiter == "comma") documents.insert(record.document);
    EXPECT_GT(record.count, 0);
    EXPECT_EQ(record.method, "dynsplit");
  }
  EXPECT_EQ(documents, (std::set<std::string>{"d0", "d1"}));
  plan_.methods.push_back(Case("dynsplit", 64));
  ASSERT_TRUE(Run(folder.path()).ok());
  EXPECT_EQ(ReadImportance(folder.path() + "/importance.jsonl")->size(), learned->size());
}

}  // namespace
}  // namespace dynsplit::eval
