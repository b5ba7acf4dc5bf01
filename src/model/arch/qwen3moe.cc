// Qwen3's mixtures of experts: Qwen3's attention, and for each token the feed-forward blocks that
// it likes most (arXiv 2505.09388, section 2).
#include <algorithm>

#include "model/architecture.h"

namespace dynsplit {
namespace {

constexpr uint32_t kMaxFeedForward = 1u << 20;
constexpr int kMaxUsedExperts = 64;  // each adds nodes to the graph

void ReadConfig(ConfigKeys* keys, ModelConfig* config) {
  keys->Check(config->num_experts > 0, "expert_count", "no experts", "at least one");
  if (!keys->ok()) return;
  config->num_used_experts =
      keys->Int("expert_used_count", 1,
                static_cast<uint32_t>(std::min(config->num_experts, kMaxUsedExperts)));
  if (!keys->ok()) return;
  const int missing = std::max(1, config->feed_forward_length / config->num_used_experts);
  config->expert_feed_forward_length =
      keys->Int("expert_feed_forward_length", 1, kMaxFeedForward, static_cast<uint32_t>(missing));
}

void ListLayer(LayerSlots* slots) {
  slots->PreNorms();
  slots->Attention();
  slots->HeadNorms();
  slots->Experts();
}

}  // namespace

const Architecture kQwen3Moe = {.name = "qwen3moe",
                                .rope_layout = RopeLayout::kHalves,
                                .read_config = &ReadConfig,
                                .list_layer = &ListLayer};

}  // namespace dynsplit
