#include "dynsplit/model.h"

#include <filesystem>

#include "model/model_impl.h"

namespace dynsplit {
namespace {

ModelDescription Describe(const std::string& path, const Weights& weights) {
  const ModelConfig& config = weights.config();
  return {.name = config.name.empty() ? std::filesystem::path(path).stem().string() : config.name,
          .architecture = std::string(ArchitectureName(config.architecture)),
          .num_layers = config.num_layers,
          .num_heads = config.num_heads,
          .num_kv_heads = config.num_kv_heads,
          .head_dim = config.head_dim,
          .embedding_length = config.embedding_length,
          .vocab_size = config.vocab_size,
          .context_length = config.context_length,
          .weight_bytes = weights.weight_bytes()};
}

}  // namespace

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;

Result<std::shared_ptr<const Model>> Model::Load(const std::string& path,
                                                 const ModelOptions& options) {
  auto weights = Weights::Load(path, {.repack = options.repack});
  if (!weights.ok()) return weights.status();
  auto tokenizer = Tokenizer::Create((*weights)->TakeVocabulary());
  if (!tokenizer.ok()) {
    return Status(tokenizer.status().code(), path + ": " + tokenizer.status().message());
  }
  auto impl = std::make_unique<Impl>();
  impl->weights = *std::move(weights);
  impl->tokenizer = *std::move(tokenizer);
  impl->chat_template = ChatTemplate::Recognise(impl->tokenizer->chat_template());
  impl->description = Describe(path, *impl->weights);
  return std::shared_ptr<const Model>(new Model(std::move(impl)));
}

const ModelDescription& Model::description() const { return impl_->description; }
const Tokenizer& Model::tokenizer() const { return *impl_->tokenizer; }
const Result<ChatTemplate>& Model::chat_template() const { return impl_->chat_template; }

}  // namespace dynsplit
