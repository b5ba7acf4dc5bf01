#include "model/model_config.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <sstream>
#include <utility>

#include "model/gguf_reader.h"

namespace dynsplit {
namespace {

constexpr uint32_t kMaxLayers = 512;
constexpr uint32_t kMaxHeads = 1024;
constexpr uint32_t kMaxExperts = 1u << 16;
constexpr uint32_t kMaxEmbedding = 1u << 17;
constexpr uint32_t kMaxFeedForward = 1u << 20;
constexpr uint32_t kMaxHeadDim = kMaxModelHeadDim;
constexpr uint32_t kHeadDimMultiple = 16;  // the attention kernels' step
constexpr uint32_t kMaxContext = (1u << 31) - 1;
constexpr uint64_t kMaxVocab = 1u << 24;

constexpr std::string_view kNames[] = {"llama", "qwen2"};  // by Architecture

std::string Text(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

// Reads keys below one architecture's prefix and keeps the first error, so that a reader of many
// keys stays readable. After an error values are meaningless.
class ConfigKeys {
 public:
  ConfigKeys(const GgufReader& reader, std::string_view prefix)
      : reader_(reader), prefix_(std::string(prefix) + ".") {}

  bool Has(const std::string& name) const { return reader_.Has(prefix_ + name); }

  int Int(const std::string& name, uint32_t min, uint32_t max,
          std::optional<uint32_t> missing = {}) {
    const uint32_t value = Take(reader_.U32(prefix_ + name, missing), uint32_t{0});
    if (value < min || value > max) {
      Fail(reader_.KeyError(prefix_ + name, std::to_string(value),
                            std::to_string(min) + " to " + std::to_string(max)));
    }
    return static_cast<int>(value);
  }

  // In (above, max]; NaN is refused.
  float Float(const std::string& name, float above, float max, std::optional<float> missing = {}) {
    const float value = Take(reader_.F32(prefix_ + name, missing), 0.0f);
    if (!(value > above && value <= max)) {
      Fail(reader_.KeyError(prefix_ + name, Text(value),
                            "above " + Text(above) + ", at most " + Text(max)));
    }
    return value;
  }

  std::string String(const std::string& name, std::string missing) {
    return Take(reader_.String(prefix_ + name, std::move(missing)), std::string());
  }

  void Check(bool good, const std::string& name, const std::string& got,
             const std::string& wanted) {
    if (!good) Fail(reader_.KeyError(prefix_ + name, got, wanted));
  }

  void Refuse(const std::string& name, const std::string& why) {
    Fail(Unsupported(reader_.path() + ": key '" + prefix_ + name + "': " + why));
  }

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }

 private:
  void Fail(Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  template <typename T>
  T Take(Result<T> result, T otherwise) {
    if (result.ok()) return std::move(result).value();
    Fail(result.status());
    return otherwise;
  }

  const GgufReader& reader_;
  std::string prefix_;
  Status status_;
};

Result<Architecture> ReadArchitecture(const GgufReader& reader) {
  Result<std::string> name = reader.String("general.architecture");
  if (!name.ok()) return name.status();
  const auto* found = std::find(std::begin(kNames), std::end(kNames), *name);
  if (found == std::end(kNames)) {
    return Unsupported(reader.path() + ": architecture '" + *name +
                       "' is not supported; supported are llama and qwen2");
  }
  return static_cast<Architecture>(found - std::begin(kNames));
}

void ReadHeads(ConfigKeys* keys, ModelConfig* config) {
  config->num_heads = keys->Int("attention.head_count", 1, kMaxHeads);
  if (!keys->ok()) return;
  config->num_kv_heads = keys->Int("attention.head_count_kv", 1, kMaxHeads, config->num_heads);
  if (!keys->ok()) return;
  keys->Check(config->num_heads % config->num_kv_heads == 0, "attention.head_count_kv",
              std::to_string(config->num_kv_heads),
              "a divisor of head_count " + std::to_string(config->num_heads));
  const int missing = config->embedding_length / config->num_heads;
  if (!keys->Has("attention.key_length")) {
    keys->Check(config->embedding_length % config->num_heads == 0, "embedding_length",
                std::to_string(config->embedding_length),
                "a multiple of head_count " + std::to_string(config->num_heads));
  }
  config->head_dim = keys->Int("attention.key_length", 1, kMaxHeadDim, missing);
  const int value_length = keys->Int("attention.value_length", 1, kMaxHeadDim, missing);
  if (!keys->ok()) return;
  if (config->head_dim % kHeadDimMultiple != 0) {
    keys->Refuse("attention.key_length", "heads of " + std::to_string(config->head_dim) +
                                             " numbers, supported are multiples of 16");
  }
  if (value_length != config->head_dim) {
    keys->Refuse("attention.value_length",
                 "values of " + std::to_string(value_length) + " numbers with keys of " +
                     std::to_string(config->head_dim) + ", supported are equal ones");
  }
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
      keys->Refuse(key, Text(value) + ", supported is " + Text(wanted));
    }
  }
}

void ReadRopeScaling(ConfigKeys* keys, RopeConfig* rope) {
  const std::string type = keys->String("rope.scaling.type", "linear");
  // Files from before "rope.scaling" say "rope.scale_linear". 0 stands for no scaling in both.
  const std::string factor_key =
      keys->Has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
  const float factor = keys->Float(factor_key, -1e-30f, 1e4f, 1.0f);
  if (!keys->ok() || type == "none") return;
  if (type != "linear" && type != "yarn") {
    keys->Refuse("rope.scaling.type", "'" + type + "', supported are none, linear and yarn");
    return;
  }
  rope->factor = factor == 0.0f ? 1.0f : factor;
  keys->Check(rope->factor >= 1.0f, factor_key, Text(factor), "0, or 1 to 10000");
  if (type == "yarn") {
    rope->scaling = RopeScaling::kYarn;
    CheckYarn(keys);
  } else if (rope->factor != 1.0f) {
    rope->scaling = RopeScaling::kLinear;
  }
}

void ReadRope(ConfigKeys* keys, ModelConfig* config) {
  RopeConfig& rope = config->rope;
  rope.layout =
      config->architecture == Architecture::kQwen2 ? RopeLayout::kHalves : RopeLayout::kAdjacent;
  rope.dimension_count =
      keys->Int("rope.dimension_count", 2, static_cast<uint32_t>(std::max(2, config->head_dim)),
                static_cast<uint32_t>(config->head_dim));
  keys->Check(rope.dimension_count % 2 == 0, "rope.dimension_count",
              std::to_string(rope.dimension_count), "an even number");
  rope.freq_base = keys->Float("rope.freq_base", 0.99f, 1e12f, 10000.0f);
  ReadRopeScaling(keys, &rope);
  rope.attention_factor = keys->Float("rope.scaling.attn_factor", 0.0f, 1e4f, 1.0f);
  rope.original_context = keys->Int("rope.scaling.original_context_length", 1, kMaxContext,
                                    static_cast<uint32_t>(config->context_length));
}

Status CheckIsWhole(const GgufReader& reader) {
  const Result<uint32_t> num_parts = reader.U32("split.count", 1);
  if (!num_parts.ok()) return num_parts.status();
  if (*num_parts <= 1) return {};
  return Unsupported(reader.path() + ": one of " + std::to_string(*num_parts) +
                     " parts of a model; supported are models in one file");
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

std::string_view ArchitectureName(Architecture architecture) {
  return kNames[static_cast<size_t>(architecture)];
}

Result<ModelConfig> ReadModelConfig(const GgufReader& reader) {
  const Result<Architecture> architecture = ReadArchitecture(reader);
  if (!architecture.ok()) return architecture.status();
  DYNSPLIT_RETURN_IF_ERROR(CheckIsWhole(reader));
  ModelConfig config;
  config.architecture = *architecture;
  Result<std::string> name = reader.String("general.name", "");
  if (!name.ok()) return name.status();
  config.name = std::move(name).value();

  ConfigKeys keys(reader, ArchitectureName(*architecture));
  config.num_layers = keys.Int("block_count", 1, kMaxLayers);
  config.embedding_length = keys.Int("embedding_length", 1, kMaxEmbedding);
  config.feed_forward_length = keys.Int("feed_forward_length", 1, kMaxFeedForward);
  config.context_length = keys.Int("context_length", 1, kMaxContext);
  config.rms_epsilon = keys.Float("attention.layer_norm_rms_epsilon", 0.0f, 1.0f);
  if (keys.ok()) ReadHeads(&keys, &config);
  if (keys.ok()) ReadRope(&keys, &config);
  if (keys.Int("expert_count", 0, kMaxExperts, 0) != 0) {
    keys.Refuse("expert_count", "a mixture of experts, supported are dense models");
  }
  if (!keys.ok()) return keys.status();

  const Result<int> vocab_size = ReadVocabSize(reader);
  if (!vocab_size.ok()) return vocab_size.status();
  config.vocab_size = *vocab_size;
  return config;
}

}  // namespace dynsplit
