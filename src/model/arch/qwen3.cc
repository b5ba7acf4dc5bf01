// Qwen3: Llama's layers with queries and keys of each head normalised before RoPE, which turns
// halves (arXiv 2505.09388, section 2).
#include "model/architecture.h"

namespace dynsplit {
namespace {

void ListLayer(LayerSlots* slots) {
  slots->PreNorms();
  slots->Attention();
  slots->HeadNorms();
  slots->FeedForward();
}

}  // namespace

const Architecture kQwen3 = {.name = "qwen3",
                             .rope_layout = RopeLayout::kHalves,
                             .read_config = nullptr,
                             .list_layer = &ListLayer};

}  // namespace dynsplit
