#include "apps/eval/runner.h"

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "apps/common/prefill.h"
#include "apps/common/progress.h"
#include "apps/eval/cohort.h"
#include "apps/eval/continuation.h"
#include "apps/eval/metrics.h"

namespace dynsplit::eval {
namespace {

std::vector<std::string> StopTexts(const Question& question) {
  return question.first_line ? std::vector<std::string>{"\n"} : std::vector<std::string>{};
}

// One document, read.
struct Sitting {
  std::string_view task;
  int64_t context = 0;
  const Document& document;
  std::vector<int32_t> tokens = {};
  std::unique_ptr<Session> session = nullptr;  // has read all tokens but the last one

  std::string Name() const { return std::string(task) + " " + document.id; }
};

bool SelectsBlocks(const Method& method) {
  return method.policy != Policy::kAll && method.policy != Policy::kRecent;
}

bool AttendsToAll(const MethodCase* method) { return method->method.policy == Policy::kAll; }

// Names the place, unless the message does so already.
Status At(const std::string& where, const Status& status) {
  if (status.ok() || status.message().starts_with(where + ":")) return status;
  return Status(status.code(), where + ": " + status.message());
}

bool IsCancelled(const EvalPlan& plan) { return plan.cancel != nullptr && plan.cancel->load(); }

class Runner {
 public:
  Runner(const EvalPlan& plan, const Exam& exam, Engine* engine, Results* results)
      : plan_(plan), exam_(exam), engine_(*engine), results_(*results) {}

  Status Run(const std::vector<TaskDocuments>& all) {
    for (const TaskDocuments& of_task : all) {
      for (const Document& document : of_task.documents) {
        Sitting sitting = {.task = of_task.task, .context = of_task.context, .document = document};
        DYNSPLIT_RETURN_IF_ERROR(At(sitting.Name(), Sit(&sitting)));
      }
    }
    return {};
  }

 private:
  using Sessions = std::map<const MethodCase*, std::unique_ptr<Session>>;

  bool IsCancelled() const { return eval::IsCancelled(plan_); }

  // The methods that have not answered the question yet.
  std::vector<const MethodCase*> Missing(const Sitting& sitting, const Question& question) const {
    std::vector<const MethodCase*> missing;
    for (const MethodCase& method : plan_.methods) {
      if (!results_.Has(NewRecord(sitting, question, method))) missing.push_back(&method);
    }
    return missing;
  }

  int64_t NumMissing(const Sitting& sitting) const {
    size_t count = 0;
    for (const Question& question : sitting.document.questions) {
      count += Missing(sitting, question).size();
    }
    return static_cast<int64_t>(count);
  }

  static Record NewRecord(const Sitting& sitting, const Question& question,
                          const MethodCase& method) {
    Record record;
    record.task = sitting.task;
    record.id = sitting.document.id + "/" + question.id;
    record.kind = sitting.document.kind;
    record.method = method.name;
    record.budget = method.budget;
    record.context = sitting.context;
    record.context_tokens = static_cast<int64_t>(sitting.tokens.size());
    record.depth = question.depth;
    record.expected = question.expected;
    return record;
  }

  Status Sit(Sitting* sitting) {
    const int64_t num_missing = NumMissing(*sitting);
    if (num_missing == 0) return {};
    if (IsCancelled()) return Cancelled("cancelled");
    DYNSPLIT_RETURN_IF_ERROR(Read(sitting));
    DYNSPLIT_RETURN_IF_ERROR(LearnImportance(*sitting));
    Progress progress(sitting->Name(), plan_.progress, "answers");
    const auto answered = [&] { progress.Update(num_missing - NumMissing(*sitting), num_missing); };
    const bool fed = plan_.answers != Answers::kWritten || IsContinued(sitting->document);
    return fed ? FeedAll(*sitting, answered) : AskAll(*sitting, answered);
  }

  Status Read(Sitting* sitting) {
    auto tokens = exam_.DocumentTokens(sitting->document);
    if (!tokens.ok()) return tokens.status();
    sitting->tokens = *std::move(tokens);
    std::vector<Method> methods;
    for (const MethodCase& method : plan_.methods) methods.push_back(method.method);
    auto session = engine_.NewSession(MethodToReadUnder(methods));
    if (!session.ok()) return session.status();
    sitting->session = *std::move(session);
    double seconds = 0;
    return Prefill(sitting->session.get(),
                   std::span(sitting->tokens).first(sitting->tokens.size() - 1),
                   {.label = sitting->Name(),
                    .progress = plan_.progress,
                    .attention = plan_.prefill,
                    .logits = Logits::kNone,
                    .cancel = plan_.cancel},
                   &seconds);
  }

  Status LearnImportance(const Sitting& sitting) {
    const auto learner =
        std::find_if(plan_.methods.begin(), plan_.methods.end(), [](const MethodCase& method) {
          return method.method.split.splitter == Splitter::kDynamic && SelectsBlocks(method.method);
        });
    if (learner == plan_.methods.end()) return {};
    const std::unique_ptr<Session> session = sitting.session->Fork();
    DYNSPLIT_RETURN_IF_ERROR(session->SetMethod(learner->method));
    std::vector<ImportanceRecord> records;
    for (const DelimiterImportance& learned : session->Importance()) {
      if (learned.count == 0) continue;
      records.push_back({.task = std::string(sitting.task),
                         .document = sitting.document.id,
                         .kind = sitting.document.kind,
                         .method = learner->name,
                         .context = sitting.context,
                         .delimiter = std::string(DelimiterClassName(learned.delimiter)),
                         .count = learned.count,
                         .weight = learned.weight,
                         .standard_error = learned.standard_error});
    }
    return results_.AddImportance(records);
  }

  // A fork that goes on under the method, the document read to its end.
  Result<std::unique_ptr<Session>> Prepare(const Sitting& sitting, const Method& method,
                                           Attention attention) {
    auto session = ForkUnder(method, *sitting.session, std::span(sitting.tokens).last(1),
                             {.attention = attention});
    if (session.ok()) (*session)->ResetStats();
    return session;
  }

  template <typename Answered>
  Status AskAll(const Sitting& sitting, const Answered& answered) {
    Cohort cohort(&engine_, plan_.cancel);
    for (const MethodCase& method : plan_.methods) {
      std::unique_ptr<Session> prepared;  // made for the first question that is not done yet
      for (const Question& question : sitting.document.questions) {
        const Record record = NewRecord(sitting, question, method);
        if (results_.Has(record)) continue;
        if (IsCancelled()) return Cancelled("cancelled");
        if (prepared == nullptr) {
          auto session = Prepare(sitting, method.method, plan_.question);
          if (!session.ok()) return session.status();
          prepared = *std::move(session);
        }
        auto tokens = exam_.QuestionTokens(question);
        if (!tokens.ok()) return tokens.status();
        const auto on_answer = [&, record](const Session& session, const Generation& answer) {
          DYNSPLIT_RETURN_IF_ERROR(Grade(session, question, answer.text, record));
          answered();
          return Status();
        };
        DYNSPLIT_RETURN_IF_ERROR(cohort.Admit(
            {.session = prepared->Fork(),
             .question = *std::move(tokens),
             .attention = plan_.question,
             .options = {.max_tokens = question.max_tokens, .stop = StopTexts(question)},
             .on_answer = on_answer}));
      }
    }
    return cohort.Finish();
  }

  Status Grade(const Session& session, const Question& question, const std::string& answer,
               Record record) {
    record.answer = answer;
    record.score = ScoreAnswer(question, answer);
    SetStats(session, &record);
    return results_.Add(record);
  }

  static void SetStats(const Session& session, Record* record) {
    const SessionStats stats = session.stats();
    record->attended_tokens = stats.attended_tokens_mean;
    record->index_bytes = stats.index_bytes;
  }

  // Question by question, as full attention's log-probabilities are held meanwhile.
  template <typename Answered>
  Status FeedAll(const Sitting& sitting, const Answered& answered) {
    Sessions prepared;
    for (const Question& question : sitting.document.questions) {
      const std::vector<const MethodCase*> methods = FullAndMissing(sitting, question);
      if (methods.empty()) continue;
      if (IsCancelled()) return Cancelled("cancelled");
      auto expected = exam_.ExpectedTokens(question);
      if (!expected.ok()) return expected.status();
      Continuation continuation(*std::move(expected), engine_.model().tokenizer().size());
      for (const MethodCase* method : methods) {
        const auto session = Ask(sitting, question, *method, &prepared);
        if (!session.ok()) return session.status();
        Record record = NewRecord(sitting, question, *method);
        DYNSPLIT_RETURN_IF_ERROR(Foresee(session->get(), PaceOf(method), &continuation, &record));
        if (method == &full_) continue;
        DYNSPLIT_RETURN_IF_ERROR(results_.Add(record));
        answered();
      }
    }
    return {};
  }

  // The methods that have not foreseen the answer yet; before them full attention, which they are
  // compared with, be it one of them or not.
  std::vector<const MethodCase*> FullAndMissing(const Sitting& sitting,
                                                const Question& question) const {
    std::vector<const MethodCase*> methods = Missing(sitting, question);
    std::stable_partition(methods.begin(), methods.end(), AttendsToAll);
    if (!methods.empty() && !AttendsToAll(methods.front())) methods.insert(methods.begin(), &full_);
    return methods;
  }

  // A fork of the method's session that has read the question. The session itself is prepared for
  // the first one.
  Result<std::unique_ptr<Session>> Ask(const Sitting& sitting, const Question& question,
                                       const MethodCase& method, Sessions* prepared) {
    const Attention attention =
        IsContinued(sitting.document) ? Attention::kSelected : plan_.question;
    std::unique_ptr<Session>& ready = (*prepared)[&method];
    if (ready == nullptr) {
      auto session = Prepare(sitting, method.method, attention);
      if (!session.ok()) return session.status();
      ready = *std::move(session);
    }
    const auto tokens = exam_.QuestionTokens(question);
    if (!tokens.ok()) return tokens.status();
    std::unique_ptr<Session> session = ready->Fork();
    DYNSPLIT_RETURN_IF_ERROR(
        session->Feed(*tokens, {.attention = attention, .cancel = plan_.cancel}));
    return session;
  }

  // Steps of full attention would come out as its rows do.
  Pace PaceOf(const MethodCase* method) const {
    const bool steps = plan_.answers == Answers::kStepped && !AttendsToAll(method);
    return steps ? Pace::kStepByStep : Pace::kTogether;
  }

  Status Foresee(Session* session, Pace pace, Continuation* continuation, Record* record) {
    const auto score = continuation->Score(session, plan_.cancel, pace);
    if (!score.ok()) return score.status();
    record->nll = score->nll;
    record->kl = score->kl;
    record->score = score->same_top;
    SetStats(*session, record);
    return {};
  }

  const EvalPlan& plan_;
  const Exam& exam_;
  Engine& engine_;
  Results& results_;
  const MethodCase full_ = {"full", "", *MethodPreset("full")};
};

}  // namespace

Result<std::vector<TaskDocuments>> MakeDocuments(const EvalPlan& plan, const Tokenizer& tokenizer) {
  std::vector<TaskDocuments> all;
  for (const TaskEntry& task : plan.tasks) {
    for (const int64_t context : plan.contexts) {
      if (IsCancelled(plan)) return Cancelled("cancelled");
      TaskOptions options = plan.options;
      options.context_tokens = context;
      auto documents = task.make(options, tokenizer);
      if (!documents.ok()) return At(std::string(task.name), documents.status());
      all.push_back({std::string(task.name), context, *std::move(documents)});
    }
  }
  return all;
}

Status RunEval(const EvalPlan& plan, const std::vector<TaskDocuments>& documents, const Exam& exam,
               Engine* engine, Results* results) {
  return Runner(plan, exam, engine, results).Run(documents);
}

}  // namespace dynsplit::eval
