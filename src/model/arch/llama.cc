// Llama 2 and 3, Mistral, SmolLM2, Yi: layers normalised before attention and feed-forward block,
// the latter gated by SiLU (arXiv 2302.13971, section 2.2). RoPE turns adjacent pairs, to which the
// file's weights are already permuted; its frequency factors (Llama 3) come as a tensor.
#include "model/architecture.h"

namespace dynsplit {
namespace {

void ListLayer(LayerSlots* slots) {
  slots->PreNorms();
  slots->Attention();
  slots->FeedForward();
}

}  // namespace

const Architecture kLlama = {.name = "llama",
                             .rope_layout = RopeLayout::kAdjacent,
                             .read_config = nullptr,
                             .list_layer = &ListLayer};

}  // namespace dynsplit
