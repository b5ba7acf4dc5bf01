#include "model/model_config.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "model/architecture.h"
#include "model/config_keys.h"
#include "model/gguf_reader.h"
#include "model/utf8.h"

namespace dynsplit {
namespace {

constexpr uint32_t kMaxLayers = 512;
constexpr uint32_t kMaxHeads = 1024;
constexpr uint32_t kMaxExperts = 1024;
constexpr uint32_t kMaxEmbedding = 1u << 17;
constexpr uint32_t kMaxFeedForward = 1u << 20;
constexpr uint32_t kMaxHeadDim = kMaxModelHeadDim;
constexpr uint32_t kHeadDimMultiple = 16;  // the attention kernels' step
constexpr uint32_t kMaxContext = (1u << 31) - 1;
constexpr uint64_t kMaxVocab = 1u << 24;

constexpr float kMaxRopeFactor = 1e4f;

// A head's width, which the attention kernels must take.
int ReadHeadDim(ConfigKeys* keys, const std::string& name, int missing) {
  const int width = keys->Int(name, 1, kMaxHeadDim, static_cast<uint32_t>(missing));
  if (keys->ok() && width % kHeadDimMultiple != 0) {
    keys->Refuse(name,
                 "heads of " + std::to_string(width) + " numbers, supported are multiples of 16");
  }
  return width;
}

void ReadHeads(ConfigKeys* keys, ModelConfig* config) {
  config->num_heads = keys->Int("attention.head_count", 1, kMaxHeads);
  if (!keys->ok()) return;
  const std::vector<int> kv_heads =
      keys->IntByLayer("attention.head_count_kv", 1, kMaxHeads, config->num_layers,
                       static_cast<uint32_t>(config->num_heads));
  if (!keys->ok()) return;
  for (const int count : kv_heads) {
    keys->Check(config->num_heads % count == 0, "attention.head_count_kv", std::to_string(count),
                "a divisor of head_count " + std::to_string(config->num_heads));
    config->layers.push_back({.num_kv_heads = count});
  }
  const int missing = config->embedding_length / config->num_heads;
  if (!keys->Has("attention.key_length") || !keys->Has("attention.value_length")) {
    keys->Check(config->embedding_length % config->num_heads == 0, "embedding_length",
                std::to_string(config->embedding_length),
                "a multiple of head_count " + std::to_string(config->num_heads));
  }
  if (!keys->ok()) return;
  config->head_dim = ReadHeadDim(keys, "attention.key_length", missing);
  config->value_dim = ReadHeadDim(keys, "attention.value_length", missing);
  config->attention_scale = 1.0f / std::sqrt(static_cast<float>(std::max(1, config->head_dim)));
}

// YaRN's own constants (arXiv 2309.00071, section 3.2), with which the graph computes. A file that
// says others would give other numbers.
void CheckYarn(ConfigKeys* keys) {
  const std::pair<const char*, float> constants[] = {{"rope.scaling.yarn_ext_factor", 1.0f},
                                                     {"rope.scaling.yarn_attn_factor", 1.0f},
                                                     {"rope.scaling.yarn_beta_fast", 32.0f},
                                                     {"rope.scaling.yarn_beta_slow", 1.0f}};
  for (const auto& [key, wanted] : constants) {
    const float value = keys->Float(key, -1e6f, 1e6f, wanted);
    if (keys->ok() && value != wanted) {
      keys->Refuse(key, NumberText(value) + ", supported is " + NumberText(wanted));
    }
  }
}

void ReadRopeScaling(ConfigKeys* keys, RopeConfig* rope) {
  const std::string type = keys->String("rope.scaling.type", "linear");
  // Files from before "rope.scaling" say "rope.scale_linear". 0 stands for no scaling in both.
  const std::string factor_key =
      keys->Has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
  const float factor = keys->Factor(factor_key, kMaxRopeFactor);
  if (!keys->ok() || type == "none") return;
  // "longrope" says that there are tensors of frequency factors, which are taken where they are.
  if (type != "linear" && type != "yarn" && type != "longrope") {
    keys->Refuse("rope.scaling.type",
                 Quoted(type) + ", supported are none, linear, yarn and longrope");
    return;
  }
  rope->factor = factor;
  keys->Check(rope->factor >= 1.0f, factor_key, NumberText(factor), "0, or 1 to 10000");
  if (type == "yarn") {
    rope->scaling = RopeScaling::kYarn;
    CheckYarn(keys);
  } else if (rope->factor != 1.0f) {
    rope->scaling = RopeScaling::kLinear;
  }
}

void ReadRope(ConfigKeys* keys, ModelConfig* config) {
  RopeConfig& rope = config->rope;
  rope.layout = config->architecture->rope_layout;
  rope.dimension_count =
      keys->Int("rope.dimension_count", 2, static_cast<uint32_t>(std::max(2, config->head_dim)),
                static_cast<uint32_t>(config->head_dim));
  keys->Check(rope.dimension_count % 2 == 0, "rope.dimension_count",
              std::to_string(rope.dimension_count), "an even number");
  rope.freq_base = keys->Float("rope.freq_base", 0.99f, kMaxFreqBase, 10000.0f);
  ReadRopeScaling(keys, &rope);
  rope.attention_factor = keys->Float("rope.scaling.attn_factor", 0.0f, 1e4f, 1.0f);
  rope.original_context = keys->Int("rope.scaling.original_context_length", 1, kMaxContext,
                                    static_cast<uint32_t>(config->context_length));
  config->window_rope = rope;
}

Result<int> ReadVocabSize(const GgufReader& reader) {
  const std::string key = "tokenizer.ggml.tokens";
  const Result<uint64_t> length = reader.ArrayLength(key);
  if (!length.ok()) return length.status();
  if (*length < 1 || *length > kMaxVocab) {
    return reader.KeyError(key, std::to_string(*length) + " tokens",
                           "1 to " + std::to_string(kMaxVocab));
  }
  return static_cast<int>(*length);
}

}  // namespace

Result<ModelConfig> ReadModelConfig(const GgufReader& reader) {
  const Result<const Architecture*> architecture = FindArchitecture(reader);
  if (!architecture.ok()) return architecture.status();
  ModelConfig config;
  config.architecture = *architecture;
  Result<std::string> name = reader.String("general.name", "");
  if (!name.ok()) return name.status();
  config.name = std::move(name).value();

  ConfigKeys keys(reader, config.architecture->name);
  config.num_layers = keys.Int("block_count", 1, kMaxLayers);
  config.embedding_length = keys.Int("embedding_length", 1, kMaxEmbedding);
  config.feed_forward_length = keys.Int("feed_forward_length", 1, kMaxFeedForward);
  config.context_length = keys.Int("context_length", 1, kMaxContext);
  config.rms_epsilon = keys.Float("attention.layer_norm_rms_epsilon", 0.0f, 1.0f);
  config.num_experts = keys.Int("expert_count", 0, kMaxExperts, 0);
  if (keys.ok()) ReadHeads(&keys, &config);
  if (keys.ok()) ReadRope(&keys, &config);
  if (keys.ok() && config.architecture->read_config != nullptr) {
    config.architecture->read_config(&keys, &config);
  }
  if (config.num_experts != 0 && config.num_used_experts == 0) {
    keys.Refuse("expert_count", "a mixture of experts, which is supported in qwen3moe only");
  }
  if (!keys.ok()) return keys.status();

  const Result<int> vocab_size = ReadVocabSize(reader);
  if (!vocab_size.ok()) return vocab_size.status();
  config.vocab_size = *vocab_size;
  return config;
}

Status ApplyRope(const RopeOptions& options, ModelConfig* config) {
  RopeConfig& rope = config->rope;
  const auto check = [](const char* name, double value, double low, double high) -> Status {
    if (value >= low && value <= high) return {};
    return InvalidArgument(std::string(name) + ": got " + NumberText(value) + ", wanted " +
                           NumberText(low) + " to " + NumberText(high));
  };
  if (options.freq_base) {
    DYNSPLIT_RETURN_IF_ERROR(check("rope.freq_base", *options.freq_base, 1.0, kMaxFreqBase));
    rope.freq_base = *options.freq_base;
  }
  if (options.original_context) {
    DYNSPLIT_RETURN_IF_ERROR(check("rope.original_context",
                                   static_cast<double>(*options.original_context), 1, kMaxContext));
    rope.original_context = *options.original_context;
  }
  if (options.factor) {
    DYNSPLIT_RETURN_IF_ERROR(check("rope.factor", *options.factor, 1.0, kMaxRopeFactor));
    rope.factor = *options.factor;
    if (rope.scaling == RopeScaling::kNone) rope.scaling = RopeScaling::kLinear;
  }
  if (options.scaling) rope.scaling = *options.scaling;
  if (rope.scaling == RopeScaling::kNone) rope.factor = 1.0f;
  if (options.scaling || options.factor || options.original_context) {
    const double stretched = static_cast<double>(rope.original_context) * rope.factor;
    config->context_length = static_cast<int64_t>(std::min<double>(stretched, kMaxContext));
  }
  return {};
}

}  // namespace dynsplit
