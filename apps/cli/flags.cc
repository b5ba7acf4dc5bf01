#include "apps/cli/flags.h"

#include <algorithm>
#include <map>

#include "apps/common/known_models.h"
#include "kernels/isa.h"

namespace dynsplit::cli {
namespace {

// A flag whose values are words.
template <typename T>
void AddWordFlag(CLI::App* command, const std::string& name, T* value,
                 const std::map<std::string, typename T::value_type>& words,
                 const std::string& help) {
  std::string names;
  for (const auto& [word, meaning] : words) names += (names.empty() ? "" : "|") + word;
  command
      ->add_option_function<std::string>(
          name, [value, words](const std::string& word) { *value = words.at(word); }, help)
      ->check(CLI::IsMember(words).description(""))
      ->type_name(names);
}

constexpr int64_t kMostTokens = int64_t{1} << 32;

template <typename T>
void Refine(const std::optional<T>& flag, T* field) {
  if (flag) *field = *flag;
}

}  // namespace

CLI::Validator WholeNumber(int64_t least, int64_t most) {
  return CLI::Range(least, most).description("");  // the help would spell the range out
}

void AddModelFlags(CLI::App* command, ModelFlags* flags) {
  command->add_option("-m,--model", flags->model, "A .gguf file or a known name")
      ->required()
      ->type_name("MODEL");
  command->add_option("--threads", flags->threads, "Threads; 0: all that there are")
      ->check(WholeNumber(0, 1024))
      ->type_name("N");
  command
      ->add_option_function<std::string>(
          "--repack", [flags](const std::string& word) { flags->repack = word == "on"; },
          "Copy weights into faster layouts (default: on)")
      ->check(CLI::IsMember({"on", "off"}).description(""))
      ->type_name("on|off");
  command->add_option("--isa", flags->isa, "Use no instruction set above this one")
      ->check(CLI::IsMember(AvailableIsas()))
      ->type_name("NAME");
  command->add_flag("--progress", flags->progress, "Report progress also off a terminal");
}

void AddContextFlag(CLI::App* command, ModelFlags* flags) {
  command
      ->add_option("--context", flags->context_tokens,
                   "Most tokens in all; 0: what the model was trained for")
      ->check(WholeNumber(0, kMostTokens))
      ->type_name("N");
}

void AddMethodFlags(CLI::App* command, MethodFlags* flags) {
  command->add_option("--budget", flags->budget, "Tokens attended to besides sink and recent")
      ->type_name("N|P%")
      ->group(kMethodGroup);
  AddRefinementFlags(command, flags);
}

void AddRefinementFlags(CLI::App* command, MethodFlags* flags) {
  const std::string group = kMethodGroup;
  const auto number = [&](const std::string& name, std::optional<int>* value,
                          const std::string& help) {
    command->add_option(name, *value, help)->type_name("N")->group(group);
  };
  number("--block", &flags->block_tokens, "Ideal length of a block (C)");
  number("--range", &flags->search_range, "A block may be this much shorter or longer (Delta)");
  AddWordFlag(command, "--search", &flags->search,
              {{"greedy", Search::kGreedy}, {"optimal", Search::kOptimal}},
              "How the boundaries are found");
  AddWordFlag(command, "--reading", &flags->reading,
              {{"forward", Reading::kForward}, {"retained", Reading::kRetained}},
              "What makes a boundary important");
  AddWordFlag(command, "--summary", &flags->summary,
              {{"mean", Summary::kMean}, {"minmax", Summary::kMinMax}},
              "What stands for a block in the index");
  for (const char* name : {"--search", "--reading", "--summary"}) {
    command->get_option(name)->group(group);
  }
  number("--vectors", &flags->vectors, "Summary vectors of a block");
  number("--sink", &flags->sink, "First tokens, always attended to");
  number("--recent", &flags->recent, "Last tokens, always attended to");
  number("--dense-layers", &flags->dense_layers, "First layers, which attend to everything");
}

Result<Method> ResolveMethod(const std::string& preset, const MethodFlags& flags) {
  Result<Method> method = MethodPreset(preset);
  if (!method.ok()) return method;
  if (flags.budget) {
    const Result<Budget> budget = ParseBudget(*flags.budget);
    if (!budget.ok()) return budget.status();
    method->budget = *budget;
  }
  Refine(flags.block_tokens, &method->split.block_tokens);
  // A short block leaves no room for the preset's range.
  if (flags.block_tokens && !flags.search_range) {
    method->split.search_range =
        std::clamp(method->split.search_range, 0, std::max(0, *flags.block_tokens - 1));
  }
  Refine(flags.search_range, &method->split.search_range);
  Refine(flags.search, &method->split.search);
  Refine(flags.reading, &method->split.reading);
  Refine(flags.summary, &method->summary);
  if (flags.summary && !flags.vectors)
    method->vectors = method->summary == Summary::kMinMax ? 2 : 3;
  Refine(flags.vectors, &method->vectors);
  Refine(flags.sink, &method->sink);
  Refine(flags.recent, &method->recent);
  Refine(flags.dense_layers, &method->dense_layers);
  const Status status = ValidateMethod(*method);
  if (!status.ok()) return status;
  return method;
}

void AddAnswerFlags(CLI::App* command, AnswerFlags* flags) {
  const std::string group = "Answer";
  SamplerOptions& sampler = flags->sampler;
  command->add_option("-n", flags->max_tokens, "Most tokens of the answer")
      ->check(WholeNumber(1, kMostTokens))
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  command->add_option("--temp", sampler.temperature, "Temperature; 0: always the likeliest token")
      ->type_name("X")
      ->group(group);
  command->add_option("--top-k", sampler.top_k, "Draw from the K likeliest; 0: from all")
      ->type_name("K")
      ->group(group);
  command->add_option("--top-p", sampler.top_p, "Draw from the likeliest that hold this share")
      ->type_name("P")
      ->group(group);
  command->add_option("--min-p", sampler.min_p, "Drop what is below this share of the likeliest")
      ->type_name("P")
      ->group(group);
  command
      ->add_option("--repeat-penalty", sampler.repetition_penalty,
                   "Above 1: the last 64 tokens are less likely to come again")
      ->type_name("X")
      ->group(group);
  command->add_option("--seed", sampler.seed, "Same seed, same answer")
      ->type_name("S")
      ->group(group);
  command->add_option("--stop", flags->stop, "End the answer before this text; may be repeated")
      ->type_name("TEXT")
      ->allow_extra_args(false)
      ->group(group);
  command->add_flag("--ignore-eos", flags->ignore_eos, "Go on where the model would end the answer")
      ->group(group);
}

Result<LoadedModel> LoadModel(const ModelFlags& flags, int64_t context_tokens) {
  if (!flags.isa.empty()) RestrictIsa(flags.isa);  // checked when it was parsed
  const Result<std::string> path = FindModel(flags.model);
  if (!path.ok()) return path.status();
  auto model = Model::Load(*path, {.repack = flags.repack});
  if (!model.ok()) return model.status();
  EngineOptions options;
  options.threads = flags.threads;
  options.context_tokens = flags.context_tokens;
  const int64_t own = std::max(flags.context_tokens, (*model)->description().context_length);
  if (context_tokens > own) options.context_tokens = context_tokens;
  auto engine = Engine::Create(*model, options);
  if (!engine.ok()) return engine.status();
  return LoadedModel{*std::move(model), *std::move(engine)};
}

}  // namespace dynsplit::cli
