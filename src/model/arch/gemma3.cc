// Gemma 3: Gemma 2's layers with queries and keys of each head normalised instead of scores
// soft-capped; five of six layers have a window and a RoPE of their own (arXiv 2503.19786, section
// 2).
#include "model/arch/gemma.h"

namespace dynsplit {
namespace {

void ReadConfig(ConfigKeys* keys, ModelConfig* config) {
  ReadGemmaConfig(/*layers_of_27b=*/62, config);
  config->logit_softcap = keys->NonNegative("final_logit_softcapping", kMaxGemmaSoftcap, 0.0f);
  ReadWindows(keys, {.window = 0, .period = 6, .freq_base = 10000.0f, .stretched = false}, config);
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
