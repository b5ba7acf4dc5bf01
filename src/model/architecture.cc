#include "model/architecture.h"

#include <algorithm>
#include <string>

#include "model/utf8.h"

namespace dynsplit {
namespace {

constexpr uint32_t kMaxWindow = (1u << 31) - 1;

constexpr const Architecture* kSupported[] = {&kGemma2, &kGemma3, &kGranite, &kLlama,    &kOlmo2,
                                              &kPhi3,   &kQwen2,  &kQwen3,   &kQwen3Moe, &kSmolLm3};

// Architectures that need something else than a decoder's attention.
struct OtherKind {
  std::string_view what;
  std::vector<std::string_view> names;
};

const std::vector<OtherKind>& OtherKinds() {
  static const std::vector<OtherKind> kinds = {
      {"an encoder",
       {"bert", "eurobert", "gemma-embedding", "jina-bert-v2", "jina-bert-v3", "llama-embed",
        "modern-bert", "neo-bert", "nomic-bert", "nomic-bert-moe", "t5encoder"}},
      {"an encoder with a decoder", {"t5"}},
      {"a recurrent model", {"arwkv7", "mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7"}},
      {"a model with recurrent layers",
       {"falcon-h1", "granitehybrid", "jamba", "kimi-linear", "lfm2", "lfm2moe", "minimax-01",
        "nemotron_h", "nemotron_h_moe", "plamo2", "qwen35", "qwen35moe", "qwen3next"}},
      {"a model with latent attention (MLA)",
       {"deepseek2", "deepseek2-ocr", "deepseek32", "deepseek4", "glm-dsa", "minicpm3", "mistral4",
        "plm"}},
      {"a diffusion model", {"dream", "llada", "llada-moe", "rnd1"}},
      {"a draft model, which only runs beside the model it drafts for",
       {"dflash", "eagle3", "gemma4-assistant"}},
      {"an image encoder", {"clip"}},
      {"an audio decoder", {"wavtokenizer-dec"}},
  };
  return kinds;
}

// Keys that tell what a file is whose architecture's name says nothing.
struct TellingKey {
  std::string_view name;
  std::string_view what;
};
constexpr TellingKey kTellingKeys[] = {
    {"attention.kv_lora_rank", "a model with latent attention (MLA)"},
    {"ssm.state_size", "a model with recurrent layers"},
    {"wkv.head_size", "a recurrent model"},
};

// " (an encoder)", or "" where it is not known.
std::string WhatItIs(const GgufReader& reader, const std::string& name) {
  for (const OtherKind& kind : OtherKinds()) {
    if (std::find(kind.names.begin(), kind.names.end(), name) != kind.names.end()) {
      return " (" + std::string(kind.what) + ")";
    }
  }
  for (const TellingKey& key : kTellingKeys) {
    if (reader.Has(name + "." + std::string(key.name))) return " (" + std::string(key.what) + ")";
  }
  return "";
}

std::string SupportedNames() {
  std::string names;
  for (const Architecture* architecture : kSupported) {
    if (!names.empty()) names += architecture == *std::rbegin(kSupported) ? " and " : ", ";
    names += architecture->name;
  }
  return names;
}

// A file may hold something else than a model, in the same format.
Status CheckHoldsModel(const GgufReader& reader) {
  const Result<std::string> type = reader.String("general.type", "model");
  if (!type.ok()) return type.status();
  if (*type == "model") return {};
  return Unsupported(reader.path() + ": holds no model, but general.type " + Quoted(*type));
}

// A supported architecture, in a form of it that writes no text: what the keys and the tensors'
// names tell of it.
Status CheckWritesText(const GgufReader& reader, const std::string& name) {
  const auto refuse = [&](const std::string& where, const std::string& what) {
    return Unsupported(reader.path() + ": " + where + ": " + what + ", supported are decoders");
  };
  const std::string causal_key = name + ".attention.causal";
  const Result<bool> causal = reader.Bool(causal_key, true);
  if (!causal.ok()) return causal.status();
  if (!*causal) return refuse("key '" + causal_key + "'", "an encoder");
  const std::string labels_key = name + ".classifier.output_labels";
  if (reader.Has(labels_key)) return refuse("key '" + labels_key + "'", "a classifier");
  for (const GgufTensor& tensor : reader.tensors()) {
    if (tensor.name.starts_with("cls.")) {
      return refuse("tensor '" + tensor.name + "'", "a classifier");
    }
  }
  const std::string pooling_key = name + ".pooling_type";
  const Result<uint32_t> pooling = reader.U32(pooling_key, 0);  // 0: none
  if (!pooling.ok()) return pooling.status();
  if (*pooling != 0) return refuse("key '" + pooling_key + "'", "an embedding model");
  return {};
}

}  // namespace

std::vector<const Architecture*> SupportedArchitectures() {
  return {std::begin(kSupported), std::end(kSupported)};
}

Result<const Architecture*> FindArchitecture(const GgufReader& reader) {
  DYNSPLIT_RETURN_IF_ERROR(CheckHoldsModel(reader));
  const Result<std::string> name = reader.String("general.architecture");
  if (!name.ok()) return name.status();
  const auto* found = std::find_if(std::begin(kSupported), std::end(kSupported),
                                   [&](const Architecture* a) { return a->name == *name; });
  if (found == std::end(kSupported)) {
    return Unsupported(reader.path() + ": architecture " + Quoted(*name) + WhatItIs(reader, *name) +
                       " is not supported; supported are " + SupportedNames());
  }
  DYNSPLIT_RETURN_IF_ERROR(CheckWritesText(reader, *name));
  return *found;
}

void ReadWindows(ConfigKeys* keys, const WindowDefaults& defaults, ModelConfig* config) {
  const int window =
      keys->Int("attention.sliding_window", 0, kMaxWindow, static_cast<uint32_t>(defaults.window));
  const std::string key = "attention.sliding_window_pattern";
  const std::vector<bool> flags = keys->BoolByLayer(key, config->num_layers);
  const bool has_period = flags.empty() && keys->Has(key);
  const int period = has_period ? keys->Int(key, 0, kMaxWindow) : defaults.period;
  config->window_rope.freq_base =
      keys->Float("rope.freq_base_swa", 0.99f, kMaxFreqBase, defaults.freq_base);
  if (!defaults.stretched) {
    config->window_rope.scaling = RopeScaling::kNone;
    config->window_rope.factor = 1.0f;
    config->window_rope.attention_factor = 1.0f;
  }
  if (!keys->ok()) return;
  for (int i = 0; i < config->num_layers; ++i) {
    const bool attends_to_all =
        flags.empty() ? period != 0 && i % period == period - 1 : !flags[static_cast<size_t>(i)];
    config->layers[static_cast<size_t>(i)].window = attends_to_all ? 0 : window;
  }
}

}  // namespace dynsplit
