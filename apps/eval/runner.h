// Runs tasks: each document is read once, and every method and budget answers
// its questions, many side by side, or is fed the expected answers, on forks of that one session,
// which counts votes if a method needs them (h2o). The document's last token belongs to what is
// read under the method: with it the method makes its blocks and index, once for all the questions.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/eval/exam.h"
#include "apps/eval/results.h"
#include "apps/eval/task.h"
#include "dynsplit/engine.h"
#include "dynsplit/method.h"
#include "dynsplit/status.h"

namespace dynsplit::eval {

// A method with one budget, and what records call the two.
struct MethodCase {
  std::string name;    // as it stands on the command line
  std::string budget;  // "" for methods without one
  Method method;
};

// What stands behind a question that has an answer.
enum class Answers {
  kWritten,  // the method's answer, which is scored
  kFed,      // the expected one, each token of which shows how well the method foresees it
  kStepped,  // the same, fed a token a pass as if it were being written
};

struct EvalPlan {
  std::vector<TaskEntry> tasks;
  std::vector<int64_t> contexts;    // TaskOptions::context_tokens, in turn
  std::vector<MethodCase> methods;  // each occurs once
  TaskOptions options;
  Attention prefill = Attention::kDense;  // what the document's tokens attend to: kDense or kJoint
  // What the question's tokens attend to. Those of a continuation always attend to kSelected.
  Attention question = Attention::kSelected;
  Answers answers = Answers::kWritten;
  bool progress = false;  // also where stderr is no terminal
  const std::atomic<bool>* cancel = nullptr;
};

// A task's documents of one length.
struct TaskDocuments {
  std::string task;
  int64_t context = 0;
  std::vector<Document> documents;
};

// Those of all tasks and contexts, so that a task that cannot be asked is known before the first
// answer. Errors of the tasks, with their names; Cancelled once *plan.cancel is set.
Result<std::vector<TaskDocuments>> MakeDocuments(const EvalPlan& plan, const Tokenizer& tokenizer);

// Adds to *results what they do not have yet; a document with nothing left to do is not read. An
// answer ends with an end token or at the question's max_tokens. Continuations, and expected
// answers that are fed, are compared with full attention whether it is among the methods or not;
// their score is the share of the tokens for which both think the same one likeliest, and their
// records have nll and kl, and no answer. Where a method learns the delimiters' importance, the
// first such one gives the importance records. ggml rounds the products of few rows and of many
// differently, so where two tokens are nearly as likely an answer may depend on how many sequences
// share its passes.
//
// Cancelled once *plan.cancel is set, within a pass of the model; answers that are being written
// then are not added. Errors of the engine (with the document) and the results; what was added
// stays.
Status RunEval(const EvalPlan& plan, const std::vector<TaskDocuments>& documents, const Exam& exam,
               Engine* engine, Results* results);

}  // namespace dynsplit::eval
