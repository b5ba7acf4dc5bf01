#include "model/weights_layout.h"

namespace dynsplit {
namespace {

void AddLayerSlots(const ModelConfig& config, const std::string& prefix, LayerWeights* layer,
                   std::vector<WeightSlot>* slots) {
  const int64_t embedding = config.embedding_length;
  const int64_t query = config.QueryLength();
  const int64_t kv = config.KvLength();
  const int64_t feed_forward = config.feed_forward_length;
  const bool biased = config.architecture == Architecture::kQwen2;
  const auto matrix = [&](const char* name, int64_t in, int64_t out, ggml_tensor** tensor) {
    slots->push_back({prefix + name + ".weight", {in, out}, WeightUse::kMatrix, true, tensor});
  };
  const auto norm = [&](const char* name, ggml_tensor** tensor) {
    slots->push_back({prefix + name + ".weight", {embedding, 1}, WeightUse::kVector, true, tensor});
  };
  const auto bias = [&](const char* name, int64_t length, bool required, ggml_tensor** tensor) {
    slots->push_back({prefix + name + ".bias", {length, 1}, WeightUse::kVector, required, tensor});
  };
  norm("attn_norm", &layer->attn_norm);
  matrix("attn_q", embedding, query, &layer->wq);
  matrix("attn_k", embedding, kv, &layer->wk);
  matrix("attn_v", embedding, kv, &layer->wv);
  bias("attn_q", query, biased, &layer->bq);
  bias("attn_k", kv, biased, &layer->bk);
  bias("attn_v", kv, biased, &layer->bv);
  matrix("attn_output", query, embedding, &layer->wo);
  bias("attn_output", embedding, false, &layer->bo);
  norm("ffn_norm", &layer->ffn_norm);
  matrix("ffn_gate", embedding, feed_forward, &layer->ffn_gate);
  matrix("ffn_up", embedding, feed_forward, &layer->ffn_up);
  matrix("ffn_down", feed_forward, embedding, &layer->ffn_down);
}

}  // namespace

std::vector<WeightSlot> ListWeightSlots(const ModelConfig& config, ModelWeights* weights) {
  const int64_t embedding = config.embedding_length;
  const int64_t vocab = config.vocab_size;
  std::vector<WeightSlot> slots = {
      {"token_embd.weight", {embedding, vocab}, WeightUse::kEmbedding, true, &weights->token_embd},
      {"output_norm.weight", {embedding, 1}, WeightUse::kVector, true, &weights->output_norm},
      {"output.weight", {embedding, vocab}, WeightUse::kMatrix, false, &weights->output},
      {"rope_freqs.weight",
       {config.rope.dimension_count / 2, 1},
       WeightUse::kVector,
       false,
       &weights->rope_freqs}};
  weights->layers.resize(static_cast<size_t>(config.num_layers));
  for (size_t i = 0; i < weights->layers.size(); ++i) {
    AddLayerSlots(config, "blk." + std::to_string(i) + ".", &weights->layers[i], &slots);
  }
  return slots;
}

}  // namespace dynsplit
