// dynsplit run: reads texts, answers a prompt, says what it took.
#include <unistd.h>

#include <memory>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/exit_status.h"
#include "apps/cli/flags.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/prompt_flags.h"
#include "apps/cli/run_report.h"
#include "apps/cli/standard_output.h"
#include "apps/common/figures.h"
#include "apps/common/memory_usage.h"
#include "apps/common/prefill.h"
#include "dynsplit/generate.h"

namespace dynsplit::cli {
namespace {

struct RunFlags {
  ModelFlags model;
  PromptFlags prompt;
  std::string method = "dynsplit";
  MethodFlags refined;
  AnswerFlags answer;
  bool json = false;
};

Status Read(const RunFlags& flags, std::span<const int32_t> tokens, Session* session,
            StandardOutput* output, RunReport* report) {
  const size_t before = session->tokens().size();
  double seconds = 0;
  const Status status = Prefill(session, tokens,
                                {.progress = flags.model.progress,
                                 .attention = PrefillUnder(session->method(), flags.model),
                                 .cancel = output->cancel()},
                                &seconds);
  report->prefill_tokens += static_cast<int64_t>(session->tokens().size() - before);
  report->prefill_seconds += seconds;
  return status;
}

// Reads the prompt and writes the answer. With an interrupt in either, the report holds what was
// done until then.
Status Answer(const RunFlags& flags, const PromptTokens& prompt, Session* session,
              const LoadedModel& loaded, StandardOutput* output, RunReport* report) {
  report->prompt_tokens = prompt.size();
  report->answer.stop_reason = StopReason::kCancelled;
  Status status = Read(flags, prompt.texts, session, output, report);
  Status saved;  // an answer need not be lost with it
  if (status.ok() && !flags.prompt.save_session.empty()) {
    saved = session->Save(flags.prompt.save_session);
  }
  if (status.ok()) status = Read(flags, prompt.prompt, session, output, report);
  if (status.code() == StatusCode::kCancelled) return saved;
  if (!status.ok()) return saved.ok() ? std::move(status) : std::move(saved);
  if (prompt.prompt.empty()) {  // it was to be saved, and nothing else
    report->answer = {};
    return saved;
  }
  GenerateOptions options;
  options.max_tokens = flags.answer.max_tokens;
  options.sampler = flags.answer.sampler;
  options.stop = flags.answer.stop;
  options.ignore_end = flags.answer.ignore_eos;
  options.cancel = output->cancel();
  if (!flags.json) options.on_text = [&](std::string_view text) { output->Write(text); };
  Result<Generation> answer = Generate(session, loaded.model->tokenizer(), options);
  if (!answer.ok()) return saved.ok() ? answer.status() : std::move(saved);
  report->answer = *std::move(answer);
  return saved;
}

// From the prompt to the answer; of the report all but the method, which is given in it.
Status RunOnce(const RunFlags& flags, const PromptTexts& texts, const LoadedModel& loaded,
               StandardOutput* output, RunReport* report) {
  const auto prompt = EncodePrompt(flags.prompt, texts, *loaded.model);
  if (!prompt.ok()) return prompt.status();
  const std::string& saved = flags.prompt.load_session;
  const auto session = saved.empty() ? loaded.engine->NewSession(report->method)
                                     : loaded.engine->LoadSession(saved, report->method);
  if (!session.ok()) return session.status();
  report->model = loaded.model->description().name;
  report->build = loaded.engine->BuildInfo();
  report->threads = loaded.engine->threads();
  DYNSPLIT_RETURN_IF_ERROR(Answer(flags, *prompt, session->get(), loaded, output, report));
  report->stats = (*session)->stats();
  report->peak_rss_bytes = PeakRssBytes();
  return {};
}

ExitStatus Show(const RunFlags& flags, const RunReport& report, StandardOutput* output) {
  if (flags.json) {
    output->Write(ToJson(report));
  } else if (isatty(STDOUT_FILENO) == 1) {
    output->Write("\n");
  }
  PrintToStderr((isatty(STDERR_FILENO) == 1 ? "\n" : "") + ToTable(report));
  const Status status = output->Finish();
  if (!status.ok()) return Failed(status);
  return report.answer.stop_reason == StopReason::kCancelled ? kInterrupted : kGood;
}

ExitStatus Run(const RunFlags& flags) {
  const Result<Method> method = ResolveMethod(flags.method, flags.refined);
  if (!method.ok()) return WrongUsage(method.status());
  for (const Status& status :
       {CheckPromptFlags(flags.prompt), ValidateSampler(flags.answer.sampler),
        CheckPrefillFlags(flags.model, PrefillUnder(*method, flags.model))}) {
    if (!status.ok()) return WrongUsage(status);
  }
  const Result<PromptTexts> texts = ReadPrompt(flags.prompt);
  if (!texts.ok()) return Failed(texts.status());
  const Result<LoadedModel> loaded = LoadModel(flags.model);
  if (!loaded.ok()) return Failed(loaded.status());
  RunReport report;
  report.method = *method;
  StandardOutput output(CatchInterrupt());
  Status status = RunOnce(flags, *texts, *loaded, &output, &report);
  // An answer that was begun cannot be taken back.
  if (ShallReread(flags.prompt, status) && !output.used()) {
    RunFlags again = flags;
    again.prompt = RereadFlags(flags.prompt, status);
    report = {};
    report.method = *method;
    status = RunOnce(again, *texts, *loaded, &output, &report);
  }
  if (!status.ok()) return Failed(status);
  return Show(flags, report, &output);
}

}  // namespace

void AddRunCommand(CLI::App* app, int* exit_status) {
  CLI::App* command = app->add_subcommand("run", "Read texts and answer a prompt");
  const auto flags = std::make_shared<RunFlags>();
  AddModelFlags(command, &flags->model);
  AddProfileFlag(command, &flags->model);
  AddContextFlag(command, &flags->model);
  AddPrefillFlags(command, kPrefillUnderMethod, &flags->model);
  AddPromptFlags(command, &flags->prompt);
  command->add_option("--method", flags->method, "How the answer attends to what was read")
      ->capture_default_str()
      ->type_name("SPEC")
      ->group("Method");
  AddMethodFlags(command, &flags->refined);
  AddAnswerFlags(command, &flags->answer);
  command->add_flag("--json", flags->json, "Write the answer and its figures as JSON");
  command->callback([flags, exit_status] { *exit_status = Run(*flags); });
}

}  // namespace dynsplit::cli
