#include "dynsplit/model.h"

#include <algorithm>
#include <filesystem>

#include "base/archive.h"
#include "model/architecture.h"
#include "model/gguf_vocabulary.h"
#include "model/model_impl.h"

namespace dynsplit {
namespace {

ModelDescription Describe(const std::string& path, const Weights& weights) {
  const ModelConfig& config = weights.config();
  int most_kv_heads = 0;
  std::vector<LayerDescription> layers;
  for (const LayerConfig& layer : config.layers) {
    most_kv_heads = std::max(most_kv_heads, layer.num_kv_heads);
    layers.push_back({layer.num_kv_heads, layer.window});
  }
  return {.name = config.name.empty() ? std::filesystem::path(path).stem().string() : config.name,
          .architecture = std::string(config.architecture->name),
          .num_layers = config.num_layers,
          .num_heads = config.num_heads,
          .num_kv_heads = most_kv_heads,
          .head_dim = config.head_dim,
          .value_dim = config.value_dim,
          .layers = std::move(layers),
          .embedding_length = config.embedding_length,
          .vocab_size = config.vocab_size,
          .context_length = config.context_length,
          .weight_bytes = weights.weight_bytes()};
}

}  // namespace

int64_t ModelDescription::KvBytes(int64_t tokens) const {
  constexpr int64_t kElementBytes = 2;  // f16
  int64_t elements = 0;
  for (const LayerDescription& layer : layers) {
    const int64_t held = layer.window == 0 ? tokens : std::min<int64_t>(tokens, layer.window);
    elements += held * layer.num_kv_heads * (head_dim + value_dim);
  }
  return kElementBytes * elements;
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;

uint64_t Model::Impl::Fingerprint(int64_t context_tokens) const {
  const RopeConfig& own = weights->config().rope;
  const bool stretched = rope.scaling || rope.factor || rope.freq_base || rope.original_context;
  const bool long_factors =
      weights->tensors(1).rope_long != nullptr && context_tokens > own.original_context;
  if (!stretched && !long_factors) return weights->fingerprint();
  ByteWriter seen;
  seen.Put(weights->fingerprint());
  seen.Put(own.scaling);
  seen.Put(own.factor);
  seen.Put(own.freq_base);
  seen.Put(own.original_context);
  seen.Put(uint8_t{long_factors});
  return Checksum(seen.bytes());
}

// Everything but the weights is read first: a model that cannot run says so at once.
Result<std::shared_ptr<const Model>> Model::Load(const std::string& path,
                                                 const ModelOptions& options) {
  Result<ModelFile> file = ModelFile::Open(path);
  if (!file.ok()) return file.status();
  Result<ModelConfig> config = ReadModelConfig(file->header());
  if (!config.ok()) return config.status();
  DYNSPLIT_RETURN_IF_ERROR(ApplyRope(options.rope, &*config));
  Result<Vocabulary> vocabulary = ReadVocabulary(file->header());
  if (!vocabulary.ok()) return vocabulary.status();
  auto tokenizer = Tokenizer::Create(std::move(vocabulary).value());
  if (!tokenizer.ok()) {
    return Status(tokenizer.status().code(), path + ": " + tokenizer.status().message());
  }
  auto weights = Weights::Load(std::move(file).value(), *config, {.repack = options.repack});
  if (!weights.ok()) return weights.status();
  auto impl = std::make_unique<Impl>();
  impl->weights = *std::move(weights);
  impl->tokenizer = *std::move(tokenizer);
  impl->chat_template = ChatTemplate::Recognise(impl->tokenizer->chat_template());
  impl->description = Describe(path, *impl->weights);
  impl->rope = options.rope;
  return std::shared_ptr<const Model>(new Model(std::move(impl)));
}

const ModelDescription& Model::description() const { return impl_->description; }
const Tokenizer& Model::tokenizer() const { return *impl_->tokenizer; }
const Result<ChatTemplate>& Model::chat_template() const { return impl_->chat_template; }

}  // namespace dynsplit
