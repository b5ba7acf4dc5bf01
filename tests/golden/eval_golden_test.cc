// A small slice of the evaluation (docs/evaluation.md), always the same: the expected answers are
// fed, and it fails where what dynsplit foresees of them at 3 % of the context moves away from what
// full attention does, or its attended tokens rise.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "apps/eval/registry.h"
#include "apps/eval/runner.h"
#include "golden/golden_model.h"
#include "support/temp_folder.h"

namespace dynsplit::eval {
namespace {

constexpr const char* kModel = "qwen2.5-coder-1.5b";
constexpr int64_t kContext = 4000;
constexpr int kQuestions = 12;  // of each task, about one document
constexpr double kBudgetPercent = 3;
// Measured with AVX-512: KL 0.060, same top 0.927; quest 2.90 and 0.361. Measured when chosen
// tokens had their keys read again, with AVX-512 (with kernels of AVX2): KL 0.063 (0.068); without
// the second look (refine=1) 0.150 (0.176), which fails; with whole blocks (pick=blocks) 0.081
// (0.087), which a bound with room for other processors lets pass.
constexpr double kMostKl = 0.107;
constexpr double kLeastSameTop = 0.85;

struct Means {
  double kl = 0;
  double same_top = 0;
  double attended = 0;
  int questions = 0;
};

MethodCase Case(const std::string& name) {
  MethodCase method = {name, "", *ParseMethod(name)};
  method.method.budget = {.percent = kBudgetPercent, .mass = method.method.budget.mass};
  return method;
}

// Generated texts: nothing has to be installed for them.
EvalPlan Slice() {
  EvalPlan plan;
  plan.contexts = {kContext};
  plan.methods = {Case("full"), Case("dynsplit"), Case("quest")};
  plan.answers = Answers::kFed;
  plan.options.num_questions = plan.options.questions_per_document = kQuestions;
  plan.options.seed = 1;
  for (const char* task : {"code-function", "records"}) plan.tasks.push_back(*FindTask(task));
  return plan;
}

std::map<std::string, Means> MeansByMethod(const std::vector<Record>& records) {
  std::map<std::string, Means> means;
  for (const Record& record : records) ++means[record.method].questions;
  for (const Record& record : records) {
    Means& mean = means[record.method];
    mean.kl += record.kl.value() / mean.questions;
    mean.same_top += record.score / mean.questions;
    mean.attended += record.attended_tokens / mean.questions;
  }
  return means;
}

TEST(EvalGolden, DynsplitForeseesWhatFullAttentionForesees) {
  DYNSPLIT_NEED_MODEL(testing::ModelFile(kModel));
  testing::LoadedGoldenModel loaded({kModel});
  ASSERT_NE(loaded.engine(), nullptr);
  const Model& model = loaded.engine()->model();
  const EvalPlan plan = Slice();
  const auto exam = Exam::Create(model, model.chat_template(), Prompt::kChat);
  ASSERT_TRUE(exam.ok()) << exam.status().ToString();
  const auto documents = MakeDocuments(plan, model.tokenizer());
  ASSERT_TRUE(documents.ok()) << documents.status().ToString();
  const testing::TempFolder folder;
  auto results = Results::Open(folder.path(), {});
  ASSERT_TRUE(results.ok()) << results.status().ToString();
  const Status status = RunEval(plan, *documents, *exam, loaded.engine(), &*results);
  ASSERT_TRUE(status.ok()) << status.ToString();

  std::map<std::string, Means> means = MeansByMethod(results->records());
  for (const auto& [method, mean] : means) {
    std::printf("%s: KL %.4f, same top %.3f, attending to %.0f tokens\n", method.c_str(), mean.kl,
                mean.same_top, mean.attended);
    EXPECT_EQ(mean.questions, 2 * kQuestions) << method;
  }
  const Means &dynsplit = means["dynsplit"], &quest = means["quest"];
  EXPECT_EQ(means["full"].kl, 0);
  EXPECT_LE(dynsplit.kl, kMostKl);
  EXPECT_LT(dynsplit.kl, quest.kl / 2);
  EXPECT_GE(dynsplit.same_top, kLeastSameTop);
  // Sink, recent, the budget, the dense heads' share, and what is not cut yet.
  EXPECT_LE(dynsplit.attended, 0.09 * kContext);
}

}  // namespace
}  // namespace dynsplit::eval
