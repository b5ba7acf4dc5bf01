// Gemma 2: layers normalised before and after attention and feed-forward block, the latter gated by
// GELU; scores and logits soft-capped; every other layer has a window (arXiv 2408.00118, section
// 2).
#include <cmath>

#include "model/architecture.h"

namespace dynsplit {
namespace {

constexpr float kMaxCap = 1e6f;

void ReadConfig(ConfigKeys* keys, ModelConfig* config) {
  config->activation = Activation::kGelu;
  config->embedding_scale = std::sqrt(static_cast<float>(config->embedding_length));
  config->attention_softcap = keys->NonNegative("attn_logit_softcapping", kMaxCap, 50.0f);
  config->logit_softcap = keys->NonNegative("final_logit_softcapping", kMaxCap, 30.0f);
  ReadWindows(keys, {.window = 4096, .period = 2, .freq_base = config->rope.freq_base}, config);
  // The largest model divides scores by another root, which no key says.
  constexpr int kLayersOf27B = 46;
  if (config->num_layers == kLayersOf27B) {
    const int share = config->embedding_length / config->num_heads;
    config->attention_scale = 1.0f / std::sqrt(static_cast<float>(share));
  }
}

void ListLayer(LayerSlots* slots) {
  slots->PreNorms();
  slots->Attention();
  slots->FeedForward();
  slots->PostNorms();
}

}  // namespace

const Architecture kGemma2 = {.name = "gemma2",
                              .rope_layout = RopeLayout::kHalves,
                              .read_config = &ReadConfig,
                              .list_layer = &ListLayer};

}  // namespace dynsplit
