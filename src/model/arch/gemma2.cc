// Gemma 2: layers normalised before and after attention and feed-forward block, the latter gated by
// GELU; scores and logits soft-capped; every other layer has a window (arXiv 2408.00118, section
// 2).
#include "model/arch/gemma.h"

namespace dynsplit {
namespace {

void ReadConfig(ConfigKeys* keys, ModelConfig* config) {
  ReadGemmaConfig(/*layers_of_27b=*/46, config);
  config->attention_softcap = keys->NonNegative("attn_logit_softcapping", kMaxGemmaSoftcap, 50.0f);
  config->logit_softcap = keys->NonNegative("final_logit_softcapping", kMaxGemmaSoftcap, 30.0f);
  ReadWindows(keys,
              {.window = 4096, .period = 2, .freq_base = config->rope.freq_base, .stretched = true},
              config);
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
