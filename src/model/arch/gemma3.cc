// Gemma 3: Gemma 2's layers with queries and keys of each head normalised instead of scores
// soft-capped; five of six layers have a window and a RoPE of their own (arXiv 2503.19786, section
// 2).
#include <cmath>

#include "model/architecture.h"

namespace dynsplit {
namespace {

constexpr float kMaxCap = 1e6f;

void ReadConfig(ConfigKeys* keys, ModelConfig* config) {
  config->activation = Activation::kGelu;
  config->embedding_scale = std::sqrt(static_cast<float>(config->embedding_length));
  config->logit_softcap = keys->NonNegative("final_logit_softcapping", kMaxCap, 0.0f);
  ReadWindows(keys, {.window = 0, .period = 6, .freq_base = 10000.0f}, config);
  // As in Gemma 2.
  constexpr int kLayersOf27B = 62;
  if (config->num_layers == kLayersOf27B) {
    const int share = config->embedding_length / config->num_heads;
    config->attention_scale = 1.0f / std::sqrt(static_cast<float>(share));
  }
}

void ListLayer(LayerSlots* slots) {
  slots->PreNorms();
  slots->Attention();
  slots->HeadNorms();
  slots->FeedForward();
  slots->PostNorms();
}

}  // namespace

const Architecture kGemma3 = {.name = "gemma3",
                              .rope_layout = RopeLayout::kHalves,
                              .read_config = &ReadConfig,
                              .list_layer = &ListLayer};

}  // namespace dynsplit
