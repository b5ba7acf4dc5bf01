// Qwen2 and 2.5: Llama's layers with biases on queries, keys and values and RoPE on halves (arXiv
// 2407.10671, section 2.2.1).
#include "model/architecture.h"

namespace dynsplit {
namespace {

void ListLayer(LayerSlots* slots) {
  slots->PreNorms();
  slots->Attention();
  slots->FeedForward();
}

}  // namespace

const Architecture kQwen2 = {.name = "qwen2",
                             .rope_layout = RopeLayout::kHalves,
                             .read_config = nullptr,
                             .list_layer = &ListLayer};

}  // namespace dynsplit
