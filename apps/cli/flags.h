// The flags that several commands share, as they stand on the command line, and what they mean.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dynsplit/engine.h"
#include "dynsplit/method.h"
#include "dynsplit/model.h"
#include "dynsplit/sampler.h"

namespace dynsplit::cli {

// Refuses values outside [least, most].
CLI::Validator WholeNumber(int64_t least, int64_t most);

struct ModelFlags {
  std::string model;  // a path or a known name
  bool repack = true;
  int threads = 0;             // 0: all that the process may use
  int64_t context_tokens = 0;  // 0: what the model was trained for
  std::string isa;             // "": the best one here
  bool progress = false;
};
void AddModelFlags(CLI::App* command, ModelFlags* flags);   // all but --context
void AddContextFlag(CLI::App* command, ModelFlags* flags);  // --context

// Presets, and what refines them. What was not given keeps the preset's value.
struct MethodFlags {
  std::optional<std::string> budget;
  std::optional<int> block_tokens;
  std::optional<int> search_range;
  std::optional<Search> search;
  std::optional<Reading> reading;
  std::optional<Summary> summary;
  std::optional<int> vectors;
  std::optional<int> sink;
  std::optional<int> recent;
  std::optional<int> dense_layers;
};
inline constexpr const char* kMethodGroup = "Method";  // of the help, and of all these flags
void AddMethodFlags(CLI::App* command, MethodFlags* flags);
void AddRefinementFlags(CLI::App* command, MethodFlags* flags);  // all but --budget
// InvalidArgument or NotFound: wrong usage.
Result<Method> ResolveMethod(const std::string& preset, const MethodFlags& flags);

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
};
// `context_tokens` overrides the flag where it is larger than both it and the model's own.
Result<LoadedModel> LoadModel(const ModelFlags& flags, int64_t context_tokens = 0);

}  // namespace dynsplit::cli
