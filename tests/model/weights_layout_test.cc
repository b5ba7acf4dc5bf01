#include "model/weights_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/architecture.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;

ModelConfig Config(const Architecture& architecture) {
  ModelConfig config;
  config.architecture = &architecture;
  config.num_layers = 2;
  config.embedding_length = 64;
  config.feed_forward_length = 96;
  config.num_heads = 6;
  config.head_dim = 16;
  config.value_dim = 16;
  config.layers.assign(2, {.num_kv_heads = 2});
  config.vocab_size = 100;
  config.rope.dimension_count = 16;
  return config;
}

// The slots of a file that has those tensors of those that stand for one another.
std::vector<WeightSlot> List(const ModelConfig& config, ModelWeights* weights,
                             const std::set<std::string_view>& has = {}) {
  return ListWeightSlots(
      config, [&](std::string_view name) { return has.contains(name); }, weights);
}

const WeightSlot& Find(const std::vector<WeightSlot>& slots, const std::string& name) {
  return *std::find_if(slots.begin(), slots.end(),
                       [&](const WeightSlot& slot) { return slot.name == name; });
}

TEST(WeightsLayout, NamesShapesAndPlaces) {
  ModelWeights weights;
  const std::vector<WeightSlot> slots = List(Config(kLlama), &weights);
  ASSERT_EQ(weights.layers.size(), 2u);
  ASSERT_EQ(slots.size(), 7u + 2 * 16);
  const WeightSlot& key = Find(slots, "blk.1.attn_k.weight");
  EXPECT_THAT(key.shape, ElementsAre(64, 32, 1));
  EXPECT_EQ(key.tensor, &weights.layers[1].wk);
  EXPECT_EQ(key.use, WeightUse::kMatrix);
  EXPECT_TRUE(key.required);
  EXPECT_THAT(Find(slots, "blk.0.attn_output.weight").shape, ElementsAre(96, 64, 1));
  EXPECT_THAT(Find(slots, "blk.0.ffn_down.weight").shape, ElementsAre(96, 64, 1));
  EXPECT_EQ(Find(slots, "token_embd.weight").use, WeightUse::kEmbedding);
  EXPECT_FALSE(Find(slots, "output.weight").required);
  EXPECT_THAT(Find(slots, "rope_freqs.weight").shape, ElementsAre(8, 1, 1));
}

TEST(WeightsLayout, EverySlotHasItsOwnPlace) {
  for (const Architecture* architecture : SupportedArchitectures()) {
    ModelWeights weights;
    ModelConfig config = Config(*architecture);
    config.num_experts = 4;
    config.expert_feed_forward_length = 32;
    std::set<ggml_tensor**> places;
    std::set<std::pair<std::string, int64_t>> names;
    for (const WeightSlot& slot : List(config, &weights)) {
      EXPECT_TRUE(places.insert(slot.tensor).second) << slot.name;
      EXPECT_TRUE(names.emplace(slot.name, slot.first_row).second) << slot.name;
    }
  }
}

TEST(WeightsLayout, FusedAttentionIsOneTensorInEveryArchitecture) {
  for (const Architecture* architecture : SupportedArchitectures()) {
    ModelWeights weights;
    ModelConfig config = Config(*architecture);
    config.layers[1].num_kv_heads = 3;
    const auto slots = List(config, &weights, {"blk.1.attn_qkv.weight", "blk.1.attn_qkv.bias"});
    EXPECT_TRUE(Find(slots, "blk.0.attn_q.weight").required);
    for (const char* name : {"blk.1.attn_qkv.weight", "blk.1.attn_qkv.bias"}) {
      std::vector<int64_t> first, rows;
      for (const WeightSlot& slot : slots) {
        if (slot.name != name) continue;
        first.push_back(slot.first_row);
        rows.push_back(slot.shape[slot.use == WeightUse::kVector ? 0 : 1]);
        EXPECT_EQ(slot.file_rows, 96 + 48 + 48);
      }
      EXPECT_THAT(first, ElementsAre(0, 96, 144)) << architecture->name;
      EXPECT_THAT(rows, ElementsAre(96, 48, 48)) << architecture->name;
    }
  }
}

}  // namespace
}  // namespace dynsplit
