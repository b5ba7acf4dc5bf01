#include "apps/common/model_summary.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "base/numeric.h"
#include "dynsplit/chat.h"
#include "dynsplit/model.h"
#include "kernels/page_format.h"
#include "model/model_config.h"
#include "model/model_file.h"
#include "store/page_table.h"

namespace dynsplit {
namespace {

std::string Text(const GgufReader& reader, const std::string& key) {
  return reader.String(key, "").ok() ? *reader.String(key, "") : "";
}

std::optional<int64_t> Number(const GgufReader& reader, const std::string& key) {
  const Result<uint32_t> value = reader.U32(key);
  return value.ok() ? std::optional<int64_t>(*value) : std::nullopt;
}

// The numbers of a key that holds one for all layers, or one for each; empty for neither.
std::vector<int64_t> NumberByLayer(const GgufReader& reader, const std::string& key,
                                   int64_t layers) {
  if (const auto one = Number(reader, key)) {
    return std::vector<int64_t>(static_cast<size_t>(layers), *one);
  }
  const Result<std::vector<int32_t>> values = reader.I32s(key);
  if (!values.ok() || static_cast<int64_t>(values->size()) != layers) return {};
  return {values->begin(), values->end()};
}

// Layers that hold keys and values as transformers do. A file that says otherwise (recurrent
// layers, compressed keys) is not one whose memory can be told by heads alone.
std::vector<LayerSummary> KvLayers(const GgufReader& reader, const std::string& prefix,
                                   const ModelSummary& model) {
  constexpr int64_t kMostLayers = 1 << 16;
  const bool is_other = reader.Has(prefix + "ssm.state_size") ||
                        reader.Has(prefix + "wkv.head_size") ||
                        reader.Has(prefix + "attention.kv_lora_rank");
  if (is_other || !model.layers || *model.layers > kMostLayers) return {};
  std::vector<LayerSummary> layers;
  // All attend to all: which have a window is a matter of the architecture, and of ReadModelConfig.
  auto heads = NumberByLayer(reader, prefix + "attention.head_count_kv", *model.layers);
  if (heads.empty()) heads = NumberByLayer(reader, prefix + "attention.head_count", *model.layers);
  for (const int64_t count : heads) {
    if (count < 0) return {};
    layers.push_back({.kv_heads = count});
  }
  return layers;
}

void ReadSizes(const GgufReader& reader, ModelSummary* model) {
  const std::string prefix = model->architecture + ".";
  model->layers = Number(reader, prefix + "block_count");
  model->embedding = Number(reader, prefix + "embedding_length");
  model->feed_forward = Number(reader, prefix + "feed_forward_length");
  model->heads = Number(reader, prefix + "attention.head_count");
  model->experts = Number(reader, prefix + "expert_count");
  model->used_experts = Number(reader, prefix + "expert_used_count");
  model->context = Number(reader, prefix + "context_length");
  model->key_dim = Number(reader, prefix + "attention.key_length");
  model->value_dim = Number(reader, prefix + "attention.value_length");
  if (model->embedding && model->heads && *model->heads > 0) {
    const int64_t missing = *model->embedding / *model->heads;
    if (!model->key_dim) model->key_dim = missing;
    if (!model->value_dim) model->value_dim = missing;
  }
  model->kv_layers = KvLayers(reader, prefix, *model);
  const Result<ModelConfig> config = ReadModelConfig(reader);
  if (!config.ok()) return;
  model->kv_layers.clear();
  for (const LayerConfig& layer : config->layers) {
    model->kv_layers.push_back({layer.num_kv_heads, layer.window});
  }
}

void ReadVocabularyKeys(const GgufReader& reader, ModelSummary* model) {
  const Result<uint64_t> tokens = reader.ArrayLength("tokenizer.ggml.tokens");
  if (tokens.ok()) model->vocabulary = static_cast<int64_t>(*tokens);
  model->tokenizer = Text(reader, "tokenizer.ggml.model");
  model->pre_tokenizer = Text(reader, "tokenizer.ggml.pre");
  const std::string jinja = Text(reader, "tokenizer.chat_template");
  if (jinja.empty()) return;
  const Result<ChatTemplate> chat = ChatTemplate::Recognise(jinja);
  model->chat_template = chat.ok() ? std::string(chat->name()) : "unknown";
}

void ReadTensors(const ModelFile& file, ModelSummary* model) {
  std::map<std::string, TensorTypeSummary> types;
  for (const ModelFile::Part& part : file.parts()) {
    model->file_bytes += static_cast<int64_t>(part.file.bytes().size());
    for (const GgufTensor& tensor : part.reader.tensors()) {
      TensorTypeSummary& type = types[tensor.TypeName()];
      const auto bytes = static_cast<int64_t>(tensor.bytes.size());
      ++type.tensors;
      type.bytes += bytes;
      model->weight_bytes += bytes;
      int64_t numbers = 1;
      for (const int64_t length : tensor.shape) numbers *= length;
      model->parameters += numbers;
    }
  }
  for (auto& [name, type] : types) {
    type.type = name;
    model->types.push_back(std::move(type));
  }
  std::stable_sort(model->types.begin(), model->types.end(),
                   [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
}

// Bytes of the keys and values of so many tokens of one KV head, in whole pages.
int64_t HeadBytes(const ModelSummary& model, KvType type, int64_t pages) {
  return pages * static_cast<int64_t>(PageBytes(type, static_cast<int>(*model.key_dim)) +
                                      PageBytes(type, static_cast<int>(*model.value_dim)));
}

bool TellsKv(const ModelSummary& model) {
  constexpr int64_t kMostDim = 1 << 16;  // far above any model's; sizes in bytes stay in range
  return !model.kv_layers.empty() && model.key_dim && model.value_dim &&
         *model.key_dim <= kMostDim && *model.value_dim <= kMostDim;
}

}  // namespace

Result<ModelSummary> SummariseModel(const std::string& path) {
  const Result<ModelFile> file = ModelFile::Open(path);
  if (!file.ok()) return file.status();
  const GgufReader& reader = file->header();
  ModelSummary model;
  model.path = path;
  model.architecture = Text(reader, "general.architecture");
  model.name = Text(reader, "general.name");
  ReadTensors(*file, &model);
  ReadSizes(reader, &model);
  ReadVocabularyKeys(reader, &model);
  // The one that says what runs: it maps the weights and looks at the beginning of each.
  model.runs = Model::Load(path, {.repack = false}).status();
  return model;
}

std::optional<int64_t> KvBytesPerToken(const ModelSummary& model, KvType type) {
  if (!TellsKv(model)) return std::nullopt;
  std::optional<uint64_t> page = 0;
  for (const LayerSummary& layer : model.kv_layers) {
    const auto layer_page = CheckedMultiply(static_cast<uint64_t>(layer.kv_heads),
                                            static_cast<uint64_t>(HeadBytes(model, type, 1)));
    page = page && layer_page ? CheckedAdd(*page, *layer_page) : std::nullopt;
  }
  if (!page) return std::nullopt;
  return static_cast<int64_t>(*page / kPageTokens);
}

std::optional<int64_t> KvBytes(const ModelSummary& model, KvTypes types, int64_t tokens) {
  if (!TellsKv(model)) return std::nullopt;
  std::optional<uint64_t> bytes = 0;
  for (const LayerSummary& layer : model.kv_layers) {
    // Of a layer with a window, only pages that the next token sees.
    const int64_t seen = layer.window > 0 ? std::max<int64_t>(0, tokens + 1 - layer.window) : 0;
    const int64_t first = seen / kPageTokens;
    const int64_t end = (tokens + kPageTokens - 1) / kPageTokens;
    const int64_t hot = std::max(first, std::max<int64_t>(0, tokens - kHotTokens) / kPageTokens);
    const auto layer_bytes =
        CheckedMultiply(static_cast<uint64_t>(layer.kv_heads),
                        static_cast<uint64_t>(HeadBytes(model, types.cold, hot - first) +
                                              HeadBytes(model, types.hot, end - hot)));
    bytes = bytes && layer_bytes ? CheckedAdd(*bytes, *layer_bytes) : std::nullopt;
  }
  if (!bytes || *bytes > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return {};
  return static_cast<int64_t>(*bytes);
}

}  // namespace dynsplit
