// Phi 3 and 4: Llama's layers with queries, keys and values in one matrix, and gate and up in one.
// Long contexts have frequency factors of their own (arXiv 2404.14219; LongRoPE: arXiv 2402.13753).
// A key "attention.sliding_window" of these files says nothing: all layers attend to all, as in
// other programs that read them.
#include "model/architecture.h"

namespace dynsplit {
namespace {

void ListLayer(LayerSlots* slots) {
  slots->PreNorms();
  slots->FusedAttention();
  slots->FusedFeedForward();
}

}  // namespace

const Architecture kPhi3 = {.name = "phi3",
                            .rope_layout = RopeLayout::kHalves,
                            .read_config = nullptr,
                            .list_layer = &ListLayer};

}  // namespace dynsplit
