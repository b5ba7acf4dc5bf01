// Phi 3 and 4: Llama's layers with gate and up in one matrix (and queries, keys and values mostly).
// Long contexts have frequency factors of their own (arXiv 2404.14219; LongRoPE: arXiv 2402.13753).
// A key "attention.sliding_window" of these files says nothing: all layers attend to all, as in
// other programs that read them.
#include "model/architecture.h"

namespace dynsplit {
namespace {

void ListLayer(LayerSlots* slots) {
  slots->PreNorms();
  slots->Attention();
  slots->FusedFeedForward();
}

}  // namespace

const Architecture kPhi3 = {.name = "phi3",
                            .rope_layout = RopeLayout::kHalves,
                            .read_config = nullptr,
                            .list_layer = &ListLayer};

}  // namespace dynsplit
