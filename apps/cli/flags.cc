#include "apps/cli/flags.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>

#include "apps/common/known_models.h"
#include "apps/common/profile.h"
#include "kernels/isa.h"

namespace dynsplit::cli {
namespace {

// --seed is the sampler's; a method's own is given in its spec.
constexpr std::string_view kSeedKey = "seed";

constexpr int64_t kMostTokens = int64_t{1} << 32;

// Turns "2G" into "2147483648"; else returns why not. (CLI::AsSizeValue takes -1 and numbers beyond
// 64 bits for very large ones, and names two dozen units where it fails.)
std::string TurnToBytes(std::string& text) {
  constexpr std::string_view kUnits[] = {"", "K", "M", "G", "T"};
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  std::string unit(stop, static_cast<size_t>(end - stop));
  if (unit.size() == 1) unit[0] = static_cast<char>(std::toupper(unit[0]));
  const auto* found = std::find(std::begin(kUnits), std::end(kUnits), unit);
  const auto shift = 10 * (found - std::begin(kUnits));
  const bool good = error == std::errc() && found != std::end(kUnits) &&
                    number <= std::numeric_limits<uint64_t>::max() >> shift;
  if (!good) return text + " is not a number of bytes, such as 512M or 2G";
  text = std::to_string(number << shift);
  return "";
}

// Not /tmp: that is memory on many systems.
std::string DefaultKvDir() {
  const char* dir = std::getenv("TMPDIR");
  return dir != nullptr && *dir != '\0' ? dir : "/var/tmp";
}

void AddKvTypeFlags(CLI::App* command, ModelFlags* flags) {
  const auto type_of = [](const std::string& name) {
    return name == "q4" ? KvType::kQ4 : name == "q8_0" ? KvType::kQ8 : KvType::kF16;
  };
  command
      ->add_option_function<std::string>(
          "--kv-type",
          [flags, type_of](const std::string& name) { flags->kv_type = type_of(name); },
          "What keys and values are held in (default: f16)")
      ->check(CLI::IsMember({"f16", "q8_0"}).description(""))
      ->type_name("f16|q8_0");
  command
      ->add_option_function<std::string>(
          "--kv-cold-type",
          [flags, type_of](const std::string& name) { flags->kv_cold_type = type_of(name); },
          "The same before the last 128 tokens (default: as those)")
      ->check(CLI::IsMember({"f16", "q8_0", "q4"}).description(""))
      ->type_name("f16|q8_0|q4");
}

// Named as llama.cpp names them.
void AddRopeFlags(CLI::App* command, RopeOptions* rope) {
  const std::string group = "RoPE";
  command
      ->add_option_function<std::string>(
          "--rope-scaling",
          [rope](const std::string& name) {
            rope->scaling = name == "yarn"     ? RopeScaling::kYarn
                            : name == "linear" ? RopeScaling::kLinear
                                               : RopeScaling::kNone;
          },
          "How the context is stretched (default: as the model says)")
      ->check(CLI::IsMember({"none", "linear", "yarn"}).description(""))
      ->type_name("none|linear|yarn")
      ->group(group);
  command->add_option("--rope-scale", rope->factor, "Times that it is as long then")
      ->check(CLI::Range(1.0, 10000.0).description(""))
      ->type_name("F")
      ->group(group);
  command->add_option("--rope-freq-base", rope->freq_base, "Base of the frequencies")
      ->check(CLI::Range(1.0, 1e12).description(""))
      ->type_name("X")
      ->group(group);
  command
      ->add_option("--yarn-orig-ctx", rope->original_context,
                   "Tokens of context that the model was trained for")
      ->check(WholeNumber(1, INT32_MAX))
      ->type_name("N")
      ->group(group);
}

// An error of EngineOptions begins with the field's name: puts the flag's in its place.
Status NameFlag(const Status& status) {
  static constexpr std::pair<std::string_view, std::string_view> kFlags[] = {
      {"threads", "--threads"},
      {"context_tokens", "--context"},
      {"boundary_window", "--window"},
      {"boundary_retained", "--retained"},
      {"joint.budget_tokens", "--prefill-budget"},
      {"joint.window", "--prefill-window"},
      {"kv_memory_bytes", "--kv-memory"},
      {"kv_types", "--kv-type and --kv-cold-type"},
      {"kv_dir", "--kv-dir"},
  };
  const std::string& message = status.message();
  for (const auto& [field, flag] : kFlags) {
    if (!message.starts_with(std::string(field) + ":")) continue;
    return {status.code(), std::string(flag) + message.substr(field.size())};
  }
  return status;
}

}  // namespace

CLI::Option* InBytes(CLI::Option* option) {
  return option->transform(CLI::Validator(TurnToBytes, ""))->type_name("N|NM|NG");
}

CLI::Validator WholeNumber(int64_t least, int64_t most) {
  return CLI::Range(least, most).description("");  // the help would spell the range out
}

std::string IsShare(const std::string& text) {
  double share = 0;
  const bool good = CLI::detail::lexical_cast(text, share) && share >= 0 && share <= 1;
  return good ? "" : text + " is not a number from 0 to 1";
}

std::string IsNotEmpty(const std::string& text) { return text.empty() ? "is empty" : ""; }

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
  AddRopeFlags(command, &flags->rope);
  command->add_option("--isa", flags->isa, "Use no instruction set above this one")
      ->check(CLI::IsMember(AvailableIsas()))
      ->type_name("NAME");
  command
      ->add_option("--window", flags->boundary_window, "Tokens that judge the cut before them (W)")
      ->check(WholeNumber(1, 255))
      ->type_name("N");
  command
      ->add_option("--retained", flags->boundary_retained,
                   "Tokens before a cut that count as near it (R)")
      ->check(WholeNumber(1, 1024))
      ->type_name("N");
  AddKvTypeFlags(command, flags);
  CLI::Option* kv_memory = InBytes(command->add_option(
      "--kv-memory", flags->kv_memory,
      "Most bytes of keys and values in memory, the others wait on disk; 0: all"));
  command
      ->add_option("--kv-dir", flags->kv_dir,
                   "Where they wait (default: $TMPDIR, or else /var/tmp)")
      ->needs(kv_memory)
      ->check(CLI::Validator(IsNotEmpty, ""))
      ->type_name("DIR");
  command->add_flag("--progress", flags->progress, "Report progress also off a terminal");
}

KvTypes KvTypesOf(const ModelFlags& flags) {
  return {.hot = flags.kv_type, .cold = flags.kv_cold_type.value_or(flags.kv_type)};
}

std::string KvTypesName(KvTypes types) {
  const std::string hot = NameOf(types.hot);
  return types.cold == types.hot ? hot : hot + "+" + NameOf(types.cold);
}

void AddContextFlag(CLI::App* command, ModelFlags* flags) {
  command
      ->add_option("--context", flags->context_tokens,
                   "Most tokens in all; 0: what the model was trained for")
      ->check(WholeNumber(0, kMostTokens))
      ->type_name("N");
}

void AddProfileFlag(CLI::App* command, ModelFlags* flags) {
  command
      ->add_option("--profile", flags->profile,
                   "What calibrate found, or none; default: the file beside the model")
      ->type_name("FILE");
}

void AddPrefillFlags(CLI::App* command, const std::string& default_text, ModelFlags* flags) {
  const std::string group = "Prefill";
  command
      ->add_option_function<std::string>(
          "--prefill",
          [flags](const std::string& word) {
            flags->prefill = word == "full" ? Attention::kDense : Attention::kJoint;
          },
          "What a text's own tokens attend to (default: " + default_text + ")")
      ->check(CLI::IsMember({"full", "selected"}).description(""))
      ->type_name("full|selected")
      ->group(group);
  command
      ->add_option("--prefill-budget", flags->prefill_budget,
                   "Tokens that 64 of a text choose together in the mean of the layers, besides "
                   "sink and window (default: " +
                       std::to_string(JointSelection().budget_tokens) + ")")
      ->check(WholeNumber(8, 1 << 20))
      ->type_name("N")
      ->group(group);
  command
      ->add_option("--prefill-window", flags->prefill_window,
                   "Tokens before each that it attends to in any case (default: " +
                       std::to_string(JointSelection().window) + ")")
      ->check(WholeNumber(64, 1 << 20))
      ->type_name("N")
      ->group(group);
}

Attention PrefillUnder(const Method& method, const ModelFlags& flags) {
  const bool selects = method.policy == Policy::kTop;
  return flags.prefill.value_or(selects ? Attention::kJoint : Attention::kDense);
}

Status CheckPrefillFlags(const ModelFlags& flags, Attention prefill) {
  if (prefill == Attention::kJoint) return {};
  for (const auto& [flag, value] : {std::pair("--prefill-budget", flags.prefill_budget),
                                    std::pair("--prefill-window", flags.prefill_window)}) {
    if (!value) continue;
    return InvalidArgument(std::string(flag) + ": got " + std::to_string(*value) +
                           ", but the text is read whole; wanted --prefill selected with it");
  }
  return {};
}

JointSelection JointOf(const ModelFlags& flags) {
  JointSelection joint;
  joint.budget_tokens = flags.prefill_budget.value_or(joint.budget_tokens);
  joint.window = flags.prefill_window.value_or(joint.window);
  return joint;
}

void AddMethodFlags(CLI::App* command, MethodFlags* flags) {
  for (const MethodKey& key : MethodKeys()) {
    if (key.name == kSeedKey) continue;
    const std::string name(key.name);
    command
        ->add_option_function<std::string>(
            "--" + name,
            [flags, name](const std::string& value) { flags->given.emplace_back(name, value); },
            std::string(key.help))
        ->type_name(std::string(key.values))
        ->group("Method");
  }
}

Result<std::string> RefinedSpec(const std::string& spec, const MethodFlags& flags) {
  std::string refined = spec;
  for (const auto& [key, value] : flags.given) {
    if (value.find('+') != std::string::npos) {
      return InvalidArgument("--" + key + ": got \"" + value + "\", wanted a value without '+'");
    }
    refined += "+" + key + "=" + value;
  }
  return refined;
}

Result<Method> ResolveMethod(const std::string& spec, const MethodFlags& flags) {
  const Result<std::string> refined = RefinedSpec(spec, flags);
  if (!refined.ok()) return refined.status();
  Result<Method> method = ParseMethod(*refined);
  if (method.ok()) method->name = spec;
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
  auto model = Model::Load(*path, {.repack = flags.repack, .rope = flags.rope});
  if (!model.ok()) return model.status();
  EngineOptions options;
  options.threads = flags.threads;
  options.context_tokens = flags.context_tokens;
  options.boundary_window = flags.boundary_window;
  options.boundary_retained = flags.boundary_retained;
  options.joint = JointOf(flags);
  options.kv_types = KvTypesOf(flags);
  options.kv_memory_bytes = static_cast<int64_t>(std::min<uint64_t>(flags.kv_memory, INT64_MAX));
  options.kv_dir = flags.kv_dir.empty() ? DefaultKvDir() : flags.kv_dir;
  auto dense_heads = FindDenseHeads(flags.profile, *path, (*model)->description());
  if (!dense_heads.ok()) return dense_heads.status();
  options.dense_heads = *dense_heads;
  const int64_t own = std::max(flags.context_tokens, (*model)->description().context_length);
  if (context_tokens > own) options.context_tokens = context_tokens;
  auto engine = Engine::Create(*model, options);
  if (!engine.ok()) return NameFlag(engine.status());
  return LoadedModel{*std::move(model), *std::move(engine), *std::move(dense_heads)};
}

}  // namespace dynsplit::cli
