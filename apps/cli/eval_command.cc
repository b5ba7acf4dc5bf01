// dynsplit eval: how well methods answer, on tasks with long texts.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/exit_status.h"
#include "apps/cli/flags.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/prompt_flags.h"
#include "apps/cli/run_report.h"
#include "apps/cli/standard_output.h"
#include "apps/common/figures.h"
#include "apps/common/known_models.h"
#include "apps/eval/exam.h"
#include "apps/eval/registry.h"
#include "apps/eval/report/report.h"
#include "apps/eval/results.h"
#include "apps/eval/runner.h"

namespace dynsplit::cli {
namespace {

constexpr const char* kMeasuredGroup = "What is measured";

const std::map<std::string, eval::Answers> kAnswers = {{"written", eval::Answers::kWritten},
                                                       {"fed", eval::Answers::kFed},
                                                       {"stepped", eval::Answers::kStepped}};

struct EvalFlags {
  ModelFlags model;
  std::vector<std::string> tasks;
  std::vector<std::string> methods = {"full", "dynsplit"};
  std::vector<std::string> budgets;  // none: each method's own
  std::vector<int64_t> contexts = {4096};
  eval::TaskOptions options;
  std::string question = "selected";
  std::string answer = "written";
  std::string prompt;         // "": chat where the model has a template
  std::string chat_template;  // "": the model's own
  std::string out;
  std::string baseline;  // "": the first method that is a kind of dynsplit
};

// Each method with each budget; once where it has no use for one.
Result<std::vector<eval::MethodCase>> MethodCases(const EvalFlags& flags) {
  std::vector<Budget> budgets;
  for (const std::string& text : flags.budgets) {
    const Result<Budget> budget = ParseBudget(text);
    if (!budget.ok()) return budget.status();
    budgets.push_back(*budget);
  }
  std::vector<eval::MethodCase> cases;
  const auto add = [&](eval::MethodCase added) {
    const bool there = std::any_of(cases.begin(), cases.end(), [&](const eval::MethodCase& other) {
      return other.name == added.name && other.budget == added.budget;
    });
    if (!there) cases.push_back(std::move(added));
  };
  for (const std::string& name : flags.methods) {
    Result<Method> method = ParseMethod(name);
    if (!method.ok()) return method.status();
    if (!HasBudget(*method)) {
      add({name, "", *method});
      continue;
    }
    const bool has_own = budgets.empty() || name.find("+budget=") != std::string::npos;
    for (const Budget& budget : has_own ? std::vector{method->budget} : budgets) {
      method->budget = budget;
      add({name, FormatBudget(budget), *method});
    }
  }
  return cases;
}

Result<eval::EvalPlan> MakePlan(const EvalFlags& flags) {
  eval::EvalPlan plan;
  auto methods = MethodCases(flags);
  if (!methods.ok()) return methods.status();
  plan.methods = *std::move(methods);
  for (const std::string& name : flags.tasks) {
    const auto task = eval::FindTask(name);
    if (!task.ok()) return task.status();
    plan.tasks.push_back(*task);
  }
  plan.contexts = flags.contexts;
  plan.options = flags.options;
  plan.question = flags.question == "full" ? Attention::kDense : Attention::kSelected;
  plan.prefill = flags.model.prefill.value_or(Attention::kDense);
  DYNSPLIT_RETURN_IF_ERROR(CheckPrefillFlags(flags.model, plan.prefill));
  plan.answers = kAnswers.at(flags.answer);
  plan.progress = flags.model.progress;
  return plan;
}

// A baseline has answers already, or is asked for some.
Status CheckBaseline(const EvalFlags& flags) {
  const auto is_baseline = [&](const std::string& name) { return name == flags.baseline; };
  if (flags.baseline.empty() ||
      std::any_of(flags.methods.begin(), flags.methods.end(), is_baseline)) {
    return {};
  }
  const auto records = eval::ReadResults(flags.out + "/results.jsonl");
  if (!records.ok() && records.status().code() != StatusCode::kNotFound) return records.status();
  if (records.ok() &&
      std::any_of(records->begin(), records->end(),
                  [&](const eval::Record& record) { return is_baseline(record.method); })) {
    return {};
  }
  return InvalidArgument("--baseline " + flags.baseline + " is neither in --method nor in " +
                         flags.out);
}

Status IdentifyTexts(const eval::TaskOptions& options, eval::RunDescription* run) {
  for (const auto& [path, identity] :
       {std::pair(&options.haystack, &run->haystack), std::pair(&options.data, &run->data)}) {
    if (path->empty()) continue;
    auto file = eval::IdentifyFile(*path);
    if (!file.ok()) return file.status();
    *identity = *std::move(file);
  }
  return {};
}

// "full", or "selected, 4096 tokens in the mean of the layers and a window of 512".
std::string PrefillName(const ModelFlags& flags) {
  if (flags.prefill != Attention::kJoint) return "full";
  const JointSelection joint = JointOf(flags);
  return fmt::format("selected, {} tokens in the mean of the layers and a window of {}",
                     joint.budget_tokens, joint.window);
}

// Of the profile: "7.0:5.1", "none", or "" without one.
std::string DenseHeads(const LoadedModel& loaded) {
  return loaded.dense_heads ? FormatLayerHeads(*loaded.dense_heads) : "";
}

Result<eval::RunDescription> Describe(const EvalFlags& flags, const LoadedModel& loaded,
                                      eval::Prompt prompt) {
  eval::RunDescription run;
  const Result<std::string> path = FindModel(flags.model.model);
  if (!path.ok()) return path.status();
  auto file = eval::IdentifyModel(*path);
  if (!file.ok()) return file.status();
  run.version = DYNSPLIT_VERSION;
  run.model = *std::move(file);
  run.model.name = loaded.model->description().name;
  run.prompt = eval::PromptName(prompt);
  if (!flags.chat_template.empty()) run.prompt += ":" + flags.chat_template;
  run.question = flags.question;
  run.answer = flags.answer;
  run.prefill = PrefillName(flags.model);
  run.kv_types = KvTypesName(KvTypesOf(flags.model));
  run.boundary_window = flags.model.boundary_window;
  run.boundary_retained = flags.model.boundary_retained;
  run.dense_heads = DenseHeads(loaded);
  run.seed = flags.options.seed;
  run.num_questions = flags.options.num_questions;
  run.questions_per_document = flags.options.questions_per_document;
  run.depths = flags.options.depths;
  DYNSPLIT_RETURN_IF_ERROR(IdentifyTexts(flags.options, &run));
  return run;
}

// Room for the longest document with what stands around it, its questions and answers. Memory is
// only taken for what is used.
int64_t TokensNeeded(const EvalFlags& flags) {
  const int64_t longest = *std::max_element(flags.contexts.begin(), flags.contexts.end());
  return longest + longest / 4 + 4096;
}

// Of all that DIR holds, also from runs before this one.
Status Report(const EvalFlags& flags, const LoadedModel& loaded, const eval::Results& results) {
  eval::ReportOptions options;
  options.baseline = flags.baseline;
  options.lines = {
      loaded.model->description().name,
      fmt::format("{}, {} threads", loaded.engine->BuildInfo(), loaded.engine->threads()),
      loaded.dense_heads ? "dense heads of the profile: " + DenseHeads(loaded) : "no profile",
      "keys and values in " + KvTypesName(KvTypesOf(flags.model)),
      fmt::format("prefill {}; the question attends to what is {}, answers are {}; seed {}",
                  PrefillName(flags.model), flags.question, flags.answer, flags.options.seed)};
  const auto importance = eval::ReadImportance(flags.out + "/importance.jsonl");
  if (!importance.ok()) return importance.status();
  DYNSPLIT_RETURN_IF_ERROR(eval::WriteReports(flags.out, results.records(), *importance, options));
  const auto table = eval::SummaryTable(results.records(), options);
  if (!table.ok()) return table.status();
  StandardOutput output;
  output.Write(*table);
  return output.Finish();
}

// Answers what is missing, and reports what there is, also where it ends early.
ExitStatus Answer(const EvalFlags& flags, const eval::EvalPlan& plan,
                  const std::vector<eval::TaskDocuments>& documents, const eval::Exam& exam,
                  const LoadedModel& loaded) {
  const auto run = Describe(flags, loaded, exam.prompt());
  if (!run.ok()) return Failed(run.status());
  auto results = eval::Results::Open(flags.out, *run);
  if (!results.ok()) return Failed(results.status());
  const Status status = eval::RunEval(plan, documents, exam, loaded.engine.get(), &*results);
  const bool interrupted = status.code() == StatusCode::kCancelled;
  const Status reported = results->records().empty() ? Status() : Report(flags, loaded, *results);
  if (!status.ok() && !interrupted) return Failed(status);
  if (!reported.ok()) return Failed(reported);
  return interrupted ? kInterrupted : kGood;
}

ExitStatus FailedOrWrongUsage(const Status& status) {
  return status.code() == StatusCode::kInvalidArgument ? WrongUsage(status) : Failed(status);
}

ExitStatus Eval(const EvalFlags& flags) {
  Result<eval::EvalPlan> plan = MakePlan(flags);
  if (!plan.ok()) return WrongUsage(plan.status());
  if (const Status status = CheckChatTemplate(flags.chat_template); !status.ok()) {
    return WrongUsage(status);
  }
  if (!flags.chat_template.empty() && flags.prompt == "plain") {
    return WrongUsage(InvalidArgument("--prompt plain has no use for --chat-template"));
  }
  const Status baseline = CheckBaseline(flags);
  if (!baseline.ok()) return FailedOrWrongUsage(baseline);
  plan->cancel = CatchInterrupt();
  const Result<LoadedModel> loaded = LoadModel(flags.model, TokensNeeded(flags));
  if (!loaded.ok()) return Failed(loaded.status());
  for (const eval::MethodCase& method : plan->methods) {
    const Status status = loaded->engine->CheckMethod(method.method);
    if (!status.ok()) return WrongUsage(status);
  }
  std::optional<eval::Prompt> wish;
  if (!flags.prompt.empty()) {
    wish = flags.prompt == "chat" ? eval::Prompt::kChat : eval::Prompt::kPlain;
  }
  const auto exam =
      eval::Exam::Create(*loaded->model, ChooseTemplate(*loaded->model, flags.chat_template), wish);
  if (!exam.ok()) return Failed(exam.status());
  const auto documents = eval::MakeDocuments(*plan, loaded->model->tokenizer());
  if (documents.status().code() == StatusCode::kCancelled) return kInterrupted;
  if (!documents.ok()) return FailedOrWrongUsage(documents.status());
  return Answer(flags, *plan, *documents, *exam, *loaded);
}

std::string TaskList() {
  Table table;
  for (const eval::TaskEntry& task : eval::Tasks()) {
    table.AddRow({" ", std::string(task.name), std::string(task.summary)});
  }
  return "Tasks:\n" + table.ToString();
}

template <typename T>
CLI::Option* AddList(CLI::App* command, const std::string& name, std::vector<T>* values,
                     const std::string& help) {
  return command->add_option(name, *values, help)->delimiter(',')->group(kMeasuredGroup);
}

void AddMeasuredFlags(CLI::App* command, EvalFlags* flags) {
  AddList(command, "--task", &flags->tasks, "Tasks, in turn")->required()->type_name("NAME,...");
  AddList(command, "--method", &flags->methods, "Methods, from one reading of each document")
      ->capture_default_str()
      ->type_name("SPEC,...");
  AddList(command, "--budget", &flags->budgets, "Tokens attended to besides sink and recent")
      ->type_name("N|P%[:[N..]N][@M],...");
  AddList(command, "--context", &flags->contexts, "About the tokens of a document's text")
      ->check(WholeNumber(1, 1 << 24))
      ->capture_default_str()
      ->type_name("N,...");
  AddList(command, "--depths", &flags->options.depths, "Where a fact is hidden; 0: the beginning")
      ->check(CLI::Validator(IsShare, ""))
      ->type_name("X,...");
}

void AddTaskFlags(CLI::App* command, EvalFlags* flags) {
  eval::TaskOptions* options = &flags->options;
  const auto add = [&](const std::string& name, auto* value, const std::string& help) {
    return command->add_option(name, *value, help)->group(kMeasuredGroup);
  };
  add("--questions", &options->num_questions, "Of each task and context, at least")
      ->check(WholeNumber(1, 1 << 20))
      ->capture_default_str()
      ->type_name("N");
  add("--questions-per-document", &options->questions_per_document, "That share one reading")
      ->check(WholeNumber(1, 1000))
      ->capture_default_str()
      ->type_name("N");
  add("--seed", &options->seed, "Same seed, same documents")->capture_default_str()->type_name("S");
  add("--haystack", &options->haystack, "A text to hide facts in")->type_name("FILE");
  add("--data", &options->data, "What a task that reads a file is to read")->type_name("FILE");
  add("--question", &flags->question, "What a question's own tokens attend to")
      ->check(CLI::IsMember({"selected", "full"}).description(""))
      ->capture_default_str()
      ->type_name("selected|full");
  add("--answer", &flags->answer,
      "Write answers and score them, or feed the expected ones, together or step by step")
      ->check(CLI::IsMember(&kAnswers).description(""))
      ->capture_default_str()
      ->type_name("written|fed|stepped");
  add("--prompt", &flags->prompt, "Default: chat where the model has a known template")
      ->check(CLI::IsMember({"chat", "plain"}).description(""))
      ->type_name("chat|plain");
  AddChatTemplateFlag(command, &flags->chat_template)->group(kMeasuredGroup);
}

}  // namespace

void AddEvalCommand(CLI::App* app, int* exit_status) {
  CLI::App* command = app->add_subcommand("eval", "How well methods answer, on tasks");
  const auto flags = std::make_shared<EvalFlags>();
  AddModelFlags(command, &flags->model);
  AddProfileFlag(command, &flags->model);
  AddPrefillFlags(command, "full", &flags->model);
  AddMeasuredFlags(command, flags.get());
  AddTaskFlags(command, flags.get());
  command->add_option("--out", flags->out, "The folder of the results; a stopped run goes on there")
      ->required()
      ->check(CLI::Validator(IsNotEmpty, ""))
      ->type_name("DIR");
  command
      ->add_option("--baseline", flags->baseline,
                   "The method that others are compared with on the same questions")
      ->type_name("SPEC");
  command->footer(TaskList());
  command->callback([flags, exit_status] { *exit_status = Eval(*flags); });
}

}  // namespace dynsplit::cli
