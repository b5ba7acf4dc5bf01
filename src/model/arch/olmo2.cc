// OLMo 2 and 3: what attention and feed-forward block give is normalised instead of what they take,
// and queries and keys over all heads together (arXiv 2501.00656, section 3). In OLMo 3 three of
// four layers have a window.
#include "model/architecture.h"

namespace dynsplit {
namespace {

void ReadConfig(ConfigKeys* keys, ModelConfig* config) {
  ReadWindows(keys,
              {.window = 0, .period = 4, .freq_base = config->rope.freq_base, .stretched = false},
              config);
}

void ListLayer(LayerSlots* slots) {
  slots->Attention();
  slots->WholeNorms();
  slots->PostNorms();
  slots->FeedForward();
}

}  // namespace

const Architecture kOlmo2 = {.name = "olmo2",
                             .rope_layout = RopeLayout::kHalves,
                             .read_config = &ReadConfig,
                             .list_layer = &ListLayer};

}  // namespace dynsplit
