// Granite 3 and 4 without experts: Llama's layers with factors on the embedding, on what layers
// add, on attention scores and on the logits (arXiv 2203.03466 is where they come from).
#include "model/architecture.h"

namespace dynsplit {
namespace {

constexpr float kMaxFactor = 1e6f;

void ReadConfig(ConfigKeys* keys, ModelConfig* config) {
  config->embedding_scale = keys->Factor("embedding_scale", kMaxFactor);
  config->residual_scale = keys->Factor("residual_scale", kMaxFactor);
  config->logit_scale = 1.0f / keys->Factor("logit_scale", kMaxFactor);
  const float attention_scale = keys->NonNegative("attention.scale", kMaxFactor, 0.0f);
  if (attention_scale != 0.0f) config->attention_scale = attention_scale;
  // In these files the key says whether there is any RoPE.
  const bool rotates = keys->Bool("rope.scaling.finetuned", true);
  for (LayerConfig& layer : config->layers) layer.rotates = rotates;
}

void ListLayer(LayerSlots* slots) {
  slots->PreNorms();
  slots->Attention();
  slots->FeedForward();
}

}  // namespace

const Architecture kGranite = {.name = "granite",
                               .rope_layout = RopeLayout::kAdjacent,
                               .read_config = &ReadConfig,
                               .list_layer = &ListLayer};

}  // namespace dynsplit
