// The flags that several commands share, as they stand on the command line, and what they mean.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dynsplit/engine.h"
#include "dynsplit/method.h"
#include "dynsplit/model.h"
#include "dynsplit/sampler.h"

namespace dynsplit::cli {

// Makes an option of a uint64_t one of bytes: whole numbers that are not negative, with K, M or G
// behind them if wanted.
CLI::Option* InBytes(CLI::Option* option);

// Refuses values outside [least, most].
CLI::Validator WholeNumber(int64_t least, int64_t most);
// "", or why the text is no number from 0 to 1 (CLI::Range takes nan for one inside).
std::string IsShare(const std::string& text);
// Of paths: an empty one would be taken for none.
std::string IsNotEmpty(const std::string& text);

struct ModelFlags {
  std::string model;  // a path or a known name
  bool repack = true;
  RopeOptions rope;
  int threads = 0;             // 0: all that the process may use
  int64_t context_tokens = 0;  // 0: what the model was trained for
  std::string isa;             // "": the best one here
  int boundary_window = EngineOptions().boundary_window;
  int boundary_retained = EngineOptions().boundary_retained;
  std::string profile;                 // "": the one beside the model, if there is one; "none"
  std::optional<Attention> prefill;    // of texts and prompts; not given: as each command says
  std::optional<int> prefill_budget;   // JointSelection's; not given: as there
  std::optional<int> prefill_window;   // the same
  KvType kv_type = KvType::kF16;       // of keys and values
  std::optional<KvType> kv_cold_type;  // of all but the last ones; not given: the same
  uint64_t kv_memory = 0;              // bytes of keys and values in memory; 0: no bound
  std::string kv_dir;                  // for the others; "": the system's directory for that
  bool progress = false;
};
void AddModelFlags(CLI::App* command, ModelFlags* flags);  // all but the following
KvTypes KvTypesOf(const ModelFlags& flags);
std::string KvTypesName(KvTypes types);                     // "f16", "f16+q4": hot and cold
void AddContextFlag(CLI::App* command, ModelFlags* flags);  // --context
void AddProfileFlag(CLI::App* command, ModelFlags* flags);  // --profile
// --prefill, and what refines it. `default_text`: for the help, what holds where it is not given.
void AddPrefillFlags(CLI::App* command, const std::string& default_text, ModelFlags* flags);
// The default of run and chat. Bounds and controls are to see a true reading, and votes need one.
inline constexpr const char* kPrefillUnderMethod =
    "selected under methods of policy top, else full";
Attention PrefillUnder(const Method& method, const ModelFlags& flags);
// InvalidArgument where a prompt that is read as `prefill` says has no use for what was given.
Status CheckPrefillFlags(const ModelFlags& flags, Attention prefill);
// How Attention::kJoint chooses.
JointSelection JointOf(const ModelFlags& flags);

// What refines a preset: a flag for each of MethodKeys().
struct MethodFlags {
  std::vector<std::pair<std::string, std::string>> given;  // (key, value)
};
void AddMethodFlags(CLI::App* command, MethodFlags* flags);
// A method's spec with the flags on top.
Result<std::string> RefinedSpec(const std::string& spec, const MethodFlags& flags);
// The method that it stands for; its name stays the spec. InvalidArgument or NotFound:
// wrong usage.
Result<Method> ResolveMethod(const std::string& spec, const MethodFlags& flags);

struct AnswerFlags {
  int64_t max_tokens = 512;
  SamplerOptions sampler;
  std::vector<std::string> stop;
  bool ignore_eos = false;
};
void AddAnswerFlags(CLI::App* command, AnswerFlags* flags);

// A model with an engine that runs it.
struct LoadedModel {
  std::shared_ptr<const Model> model;
  std::unique_ptr<Engine> engine;
  std::optional<std::vector<LayerHead>> dense_heads;  // the engine's, from the model's profile
};
// `context_tokens` overrides the flag where it is larger than both it and the model's own.
Result<LoadedModel> LoadModel(const ModelFlags& flags, int64_t context_tokens = 0);

}  // namespace dynsplit::cli
