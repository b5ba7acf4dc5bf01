#include "model/weights_layout.h"

#include "model/architecture.h"

namespace dynsplit {

LayerSlots::LayerSlots(const ModelConfig& config, int layer, const HasTensor& has,
                       LayerWeights* weights, std::vector<WeightSlot>* slots)
    : config_(config),
      layer_(layer),
      has_(has),
      prefix_("blk." + std::to_string(layer) + "."),
      weights_(weights),
      slots_(slots) {}

void LayerSlots::Matrix(const char* name, int64_t in, int64_t out, ggml_tensor** tensor) {
  slots_->push_back({prefix_ + name + ".weight", {in, out, 1}, WeightUse::kMatrix, true, tensor});
}

void LayerSlots::Fused(const char* name, int64_t in, const std::vector<Part>& parts) {
  for (const Part& part : parts) Matrix(name, in, part.out, part.tensor);
  JoinLast(parts.size());
}

void LayerSlots::FusedBias(const char* name, const std::vector<Part>& parts) {
  for (const Part& part : parts) Bias(name, part.out, part.tensor);
  JoinLast(parts.size());
}

// The last `count` slots are parts of one tensor.
void LayerSlots::JoinLast(size_t count) {
  int64_t rows = 0;
  for (auto slot = slots_->end() - count; slot != slots_->end(); ++slot) {
    slot->first_row = rows;
    rows += slot->shape[slot->rows_dim()];
  }
  for (auto slot = slots_->end() - count; slot != slots_->end(); ++slot) slot->file_rows = rows;
}

void LayerSlots::Stack(const char* name, int64_t in, int64_t out, ggml_tensor** tensor) {
  slots_->push_back({prefix_ + name + ".weight",
                     {in, out, config_.num_experts},
                     WeightUse::kExperts,
                     true,
                     tensor});
}

void LayerSlots::Norm(const char* name, int64_t length, ggml_tensor** tensor) {
  slots_->push_back({prefix_ + name + ".weight", {length, 1, 1}, WeightUse::kVector, true, tensor});
}

void LayerSlots::Bias(const char* name, int64_t length, ggml_tensor** tensor) {
  slots_->push_back({prefix_ + name + ".bias", {length, 1, 1}, WeightUse::kVector, false, tensor});
}

void LayerSlots::PreNorms() {
  Norm("attn_norm", config_.embedding_length, &weights_->attn_norm);
  Norm("ffn_norm", config_.embedding_length, &weights_->ffn_norm);
}

void LayerSlots::PostNorms() {
  Norm("post_attention_norm", config_.embedding_length, &weights_->attn_post_norm);
  Norm("post_ffw_norm", config_.embedding_length, &weights_->ffn_post_norm);
}

void LayerSlots::Attention() {
  const int64_t embedding = config_.embedding_length;
  const int64_t query = config_.QueryLength();
  const int64_t key = config_.KeyLength(layer_);
  const int64_t value = config_.ValueLength(layer_);
  LayerWeights* w = weights_;
  if (has_(prefix_ + "attn_qkv.weight")) {
    Fused("attn_qkv", embedding, {{query, &w->wq}, {key, &w->wk}, {value, &w->wv}});
  } else {
    Matrix("attn_q", embedding, query, &w->wq);
    Matrix("attn_k", embedding, key, &w->wk);
    Matrix("attn_v", embedding, value, &w->wv);
  }
  if (has_(prefix_ + "attn_qkv.bias")) {
    FusedBias("attn_qkv", {{query, &w->bq}, {key, &w->bk}, {value, &w->bv}});
  } else {
    Bias("attn_q", query, &w->bq);
    Bias("attn_k", key, &w->bk);
    Bias("attn_v", value, &w->bv);
  }
  Matrix("attn_output", config_.AttendedLength(), embedding, &w->wo);
  Bias("attn_output", embedding, &w->bo);
}

void LayerSlots::HeadNorms() {
  Norm("attn_q_norm", config_.head_dim, &weights_->q_norm);
  Norm("attn_k_norm", config_.head_dim, &weights_->k_norm);
}

void LayerSlots::WholeNorms() {
  Norm("attn_q_norm", config_.QueryLength(), &weights_->q_norm);
  Norm("attn_k_norm", config_.KeyLength(layer_), &weights_->k_norm);
}

void LayerSlots::FeedForward() {
  const int64_t embedding = config_.embedding_length;
  const int64_t hidden = config_.feed_forward_length;
  Matrix("ffn_gate", embedding, hidden, &weights_->ffn_gate);
  Matrix("ffn_up", embedding, hidden, &weights_->ffn_up);
  Matrix("ffn_down", hidden, embedding, &weights_->ffn_down);
  Bias("ffn_gate", hidden, &weights_->ffn_gate_bias);
  Bias("ffn_up", hidden, &weights_->ffn_up_bias);
  Bias("ffn_down", embedding, &weights_->ffn_down_bias);
}

void LayerSlots::FusedFeedForward() {
  const int64_t hidden = config_.feed_forward_length;
  Fused("ffn_up", config_.embedding_length,
        {{hidden, &weights_->ffn_gate}, {hidden, &weights_->ffn_up}});
  Matrix("ffn_down", hidden, config_.embedding_length, &weights_->ffn_down);
}

void LayerSlots::Experts() {
  const int64_t embedding = config_.embedding_length;
  const int64_t hidden = config_.expert_feed_forward_length;
  Matrix("ffn_gate_inp", embedding, config_.num_experts, &weights_->expert_choice);
  Stack("ffn_gate_exps", embedding, hidden, &weights_->ffn_gate);
  Stack("ffn_up_exps", embedding, hidden, &weights_->ffn_up);
  Stack("ffn_down_exps", hidden, embedding, &weights_->ffn_down);
}

std::vector<WeightSlot> ListWeightSlots(const ModelConfig& config, const HasTensor& has,
                                        ModelWeights* weights) {
  const int64_t embedding = config.embedding_length;
  const int64_t vocab = config.vocab_size;
  std::vector<WeightSlot> slots = {
      {"token_embd.weight",
       {embedding, vocab, 1},
       WeightUse::kEmbedding,
       true,
       &weights->token_embd},
      {"output_norm.weight", {embedding, 1, 1}, WeightUse::kVector, true, &weights->output_norm},
      {"output.weight", {embedding, vocab, 1}, WeightUse::kMatrix, false, &weights->output},
      {"output.bias", {vocab, 1, 1}, WeightUse::kVector, false, &weights->output_bias}};
  const auto factors = [&](const char* name, ggml_tensor** tensor) {
    slots.push_back(
        {name, {config.rope.dimension_count / 2, 1, 1}, WeightUse::kVector, false, tensor});
  };
  factors("rope_freqs.weight", &weights->rope_freqs);
  factors("rope_factors_short.weight", &weights->rope_short);
  factors("rope_factors_long.weight", &weights->rope_long);
  weights->layers.resize(static_cast<size_t>(config.num_layers));
  for (int i = 0; i < config.num_layers; ++i) {
    LayerSlots layer(config, i, has, &weights->layers[static_cast<size_t>(i)], &slots);
    config.architecture->list_layer(&layer);
  }
  return slots;
}

}  // namespace dynsplit
