// SmolLM3: Llama's layers, every fourth without RoPE (arXiv 2501.18795: such layers keep what long
// contexts need).
#include "model/architecture.h"

namespace dynsplit {
namespace {

void ReadConfig(ConfigKeys*, ModelConfig* config) {
  for (int i = 3; i < config->num_layers; i += 4) {
    config->layers[static_cast<size_t>(i)].rotates = false;
  }
}

void ListLayer(LayerSlots* slots) {
  slots->PreNorms();
  slots->Attention();
  slots->FeedForward();
}

}  // namespace

const Architecture kSmolLm3 = {.name = "smollm3",
                               .rope_layout = RopeLayout::kAdjacent,
                               .read_config = &ReadConfig,
                               .list_layer = &ListLayer};

}  // namespace dynsplit
