// dynsplit bench: how fast a prompt is read and an answer is written, by method and depth.
#include <memory>
#include <sstream>
#include <utility>

#include "apps/cli/bench_report.h"
#include "apps/cli/bench_runs.h"
#include "apps/cli/commands.h"
#include "apps/cli/exit_status.h"
#include "apps/cli/flags.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/standard_output.h"
#include "apps/cli/text_input.h"
#include "apps/common/figures.h"
#include "kernels/isa.h"

namespace dynsplit::cli {
namespace {

struct BenchFlags {
  ModelFlags model;
  MethodFlags refined;
  std::vector<int64_t> contexts = {0, 2048};
  std::vector<std::string> methods = {"full", "dynsplit"};
  BenchPlan plan;
  std::string file;
  std::string fill = "text";
  bool json = false;
};

Result<std::vector<Method>> ResolveMethods(const BenchFlags& flags) {
  std::vector<Method> methods;
  for (const std::string& name : flags.methods) {
    Result<Method> method = ResolveMethod(name, flags.refined);
    if (!method.ok()) return method.status();
    methods.push_back(*std::move(method));
  }
  return methods;
}

ExitStatus Bench(const BenchFlags& flags) {
  const auto methods = ResolveMethods(flags);
  if (!methods.ok()) return WrongUsage(methods.status());
  Result<std::string> text = std::string(kBenchText);
  if (!flags.file.empty()) text = ReadText(flags.file);
  if (!text.ok()) return Failed(text.status());
  BenchPlan plan = flags.plan;
  plan.contexts = flags.contexts;
  plan.methods = *methods;
  plan.prefill = flags.model.prefill.value_or(Attention::kDense);
  const Status prefill = CheckPrefillFlags(flags.model, plan.prefill);
  if (!prefill.ok()) return WrongUsage(prefill);
  plan.synthetic = flags.fill == "synthetic";
  plan.progress = flags.model.progress;
  plan.cancel = CatchInterrupt();
  const Result<LoadedModel> loaded = LoadModel(flags.model, plan.TokensNeeded());
  if (!loaded.ok()) return Failed(loaded.status());
  for (const Method& method : *methods) {
    const Status status = loaded->engine->CheckMethod(method);
    if (!status.ok()) return WrongUsage(status);
  }
  const auto rows = RunBench(plan, *text, *loaded);
  if (rows.status().code() == StatusCode::kCancelled) return kInterrupted;
  if (!rows.ok()) return Failed(rows.status());

  const BenchReport report = {.isa = ActiveIsa(),
                              .threads = loaded->engine->threads(),
                              .build = loaded->engine->BuildInfo(),
                              .model = loaded->model->description().name,
                              .rows = *rows};
  StandardOutput output;
  output.Write(flags.json ? ToJson(report) : ToTable(report));
  const Status status = output.Finish();
  return status.ok() ? kGood : Failed(status);
}

}  // namespace

void AddBenchCommand(CLI::App* app, int* exit_status) {
  CLI::App* command = app->add_subcommand("bench", "Speed and memory, by method and depth");
  const auto flags = std::make_shared<BenchFlags>();
  AddModelFlags(command, &flags->model);
  AddProfileFlag(command, &flags->model);
  AddPrefillFlags(command, "full", &flags->model);
  command->add_option("--context", flags->contexts, "Tokens in the cache before decoding")
      ->delimiter(',')
      ->check(WholeNumber(0, 1 << 24))
      ->capture_default_str()
      ->type_name("N,N,...");
  command->add_option("--method", flags->methods, "Measured from one prefill")
      ->delimiter(',')
      ->capture_default_str()
      ->type_name("SPEC,...");
  AddMethodFlags(command, &flags->refined);
  BenchPlan* plan = &flags->plan;
  command
      ->add_option("--fill", flags->fill,
                   "Contexts are read, or made of the keys and values of their first tokens")
      ->check(CLI::IsMember({"text", "synthetic"}).description(""))
      ->capture_default_str()
      ->type_name("text|synthetic");
  command->add_option("--decode", plan->decode_steps, "Single-token steps; 0: no decoding")
      ->check(WholeNumber(0, 1 << 20))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--prompt", plan->prompt_tokens, "Also read this many tokens from empty")
      ->check(WholeNumber(0, 1 << 24))
      ->type_name("N");
  command->add_option("--rounds", plan->rounds, "Repetitions; the median one is reported")
      ->check(WholeNumber(1, 1000))
      ->capture_default_str()
      ->type_name("R");
  command->add_option("-f,--file", flags->file, "A text to use instead of the built-in one")
      ->type_name("FILE");
  command->add_flag("--op-times", plan->op_times, "Also where the time goes, by op and by layer");
  command->add_flag("--json", flags->json, "Write the figures as JSON");
  command->callback([flags, exit_status] { *exit_status = Bench(*flags); });
}

}  // namespace dynsplit::cli
