#include "model/weights_layout.h"

#include "model/architecture.h"

namespace dynsplit {

LayerSlots::LayerSlots(const ModelConfig& config, int layer, LayerWeights* weights,
                       std::vector<WeightSlot>* slots)
    : config_(config),
      layer_(layer),
      prefix_("blk." + std::to_string(layer) + "."),
      weights_(weights),
      slots_(slots) {}

void LayerSlots::Matrix(const char* name, int64_t in, int64_t out, ggml_tensor** tensor) {
  slots_->push_back({prefix_ + name + ".weight", {in, out, 1}, WeightUse::kMatrix, true, tensor});
}

void LayerSlots::Fused(const char* name, int64_t in, const std::vector<Part>& parts) {
  int64_t rows = 0;
  for (const Part& part : parts) rows += part.out;
  int64_t first = 0;
  for (const Part& part : parts) {
    Matrix(name, in, part.out, part.tensor);
    slots_->back().first_row = first;
    slots_->back().file_rows = rows;
    first += part.out;
  }
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

void LayerSlots::Bias(const char* name, int64_t length, bool required, ggml_tensor** tensor) {
  slots_->push_back(
      {prefix_ + name + ".bias", {length, 1, 1}, WeightUse::kVector, required, tensor});
}

void LayerSlots::PreNorms() {
  Norm("attn_norm", config_.embedding_length, &weights_->attn_norm);
  Norm("ffn_norm", config_.embedding_length, &weights_->ffn_norm);
}

void LayerSlots::PostNorms() {
  Norm("post_attention_norm", config_.embedding_length, &weights_->attn_post_norm);
  Norm("post_ffw_norm", config_.embedding_length, &weights_->ffn_post_norm);
}

void LayerSlots::Attention(Biases biases) {
  const bool required = biases == Biases::kRequired;
  const int64_t query = config_.QueryLength();
  const int64_t key = config_.KeyLength(layer_);
  const int64_t value = config_.ValueLength(layer_);
  Matrix("attn_q", config_.embedding_length, query, &weights_->wq);
  Matrix("attn_k", config_.embedding_length, key, &weights_->wk);
  Matrix("attn_v", config_.embedding_length, value, &weights_->wv);
  Bias("attn_q", query, required, &weights_->bq);
  Bias("attn_k", key, required, &weights_->bk);
  Bias("attn_v", value, required, &weights_->bv);
  AttentionOutput();
}

void LayerSlots::FusedAttention() {
  Fused("attn_qkv", config_.embedding_length,
        {{config_.QueryLength(), &weights_->wq},
         {config_.KeyLength(layer_), &weights_->wk},
         {config_.ValueLength(layer_), &weights_->wv}});
  AttentionOutput();
}

void LayerSlots::AttentionOutput() {
  Matrix("attn_output", config_.AttendedLength(), config_.embedding_length, &weights_->wo);
  Bias("attn_output", config_.embedding_length, false, &weights_->bo);
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
  Bias("ffn_gate", hidden, false, &weights_->ffn_gate_bias);
  Bias("ffn_up", hidden, false, &weights_->ffn_up_bias);
  Bias("ffn_down", embedding, false, &weights_->ffn_down_bias);
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

std::vector<WeightSlot> ListWeightSlots(const ModelConfig& config, ModelWeights* weights) {
  const int64_t embedding = config.embedding_length;
  const int64_t vocab = config.vocab_size;
  std::vector<WeightSlot> slots = {
      {"token_embd.weight",
       {embedding, vocab, 1},
       WeightUse::kEmbedding,
       true,
       &weights->token_embd},
      {"output_norm.weight", {embedding, 1, 1}, WeightUse::kVector, true, &weights->output_norm},
      {"output.weight", {embedding, vocab, 1}, WeightUse::kMatrix, false, &weights->output}};
  const auto factors = [&](const char* name, ggml_tensor** tensor) {
    slots.push_back(
        {name, {config.rope.dimension_count / 2, 1, 1}, WeightUse::kVector, false, tensor});
  };
  factors("rope_freqs.weight", &weights->rope_freqs);
  factors("rope_factors_short.weight", &weights->rope_short);
  factors("rope_factors_long.weight", &weights->rope_long);
  weights->layers.resize(static_cast<size_t>(config.num_layers));
  for (int i = 0; i < config.num_layers; ++i) {
    LayerSlots layer(config, i, &weights->layers[static_cast<size_t>(i)], &slots);
    config.architecture->list_layer(&layer);
  }
  return slots;
}

}  // namespace dynsplit
