#include "model/weights_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace dynsplit {
namespace {

using ::testing::ElementsAre;

ModelConfig Config(Architecture architecture) {
  ModelConfig config;
  config.architecture = architecture;
  config.num_layers = 2;
  config.embedding_length = 64;
  config.feed_forward_length = 96;
  config.num_heads = 6;
  config.num_kv_heads = 2;
  config.head_dim = 16;
  config.vocab_size = 100;
  config.rope.dimension_count = 16;
  return config;
}

const WeightSlot& Find(const std::vector<WeightSlot>& slots, const std::string& name) {
  return *std::find_if(slots.begin(), slots.end(),
                       [&](const WeightSlot& slot) { return slot.name == name; });
}

TEST(WeightsLayout, NamesShapesAndPlaces) {
  ModelWeights weights;
  const std::vector<WeightSlot> slots = ListWeightSlots(Config(Architecture::kLlama), &weights);
  ASSERT_EQ(weights.layers.size(), 2u);
  ASSERT_EQ(slots.size(), 4u + 2 * 13);
  const WeightSlot& key = Find(slots, "blk.1.attn_k.weight");
  EXPECT_THAT(key.shape, ElementsAre(64, 32));
  EXPECT_EQ(key.tensor, &weights.layers[1].wk);
  EXPECT_EQ(key.use, WeightUse::kMatrix);
  EXPECT_TRUE(key.required);
  EXPECT_THAT(Find(slots, "blk.0.attn_output.weight").shape, ElementsAre(96, 64));
  EXPECT_THAT(Find(slots, "blk.0.ffn_down.weight").shape, ElementsAre(96, 64));
  EXPECT_EQ(Find(slots, "token_embd.weight").use, WeightUse::kEmbedding);
  EXPECT_FALSE(Find(slots, "output.weight").required);
  EXPECT_THAT(Find(slots, "rope_freqs.weight").shape, ElementsAre(8, 1));
}

TEST(WeightsLayout, EverySlotHasItsOwnPlace) {
  ModelWeights weights;
  std::set<ggml_tensor**> places;
  std::set<std::string> names;
  for (const WeightSlot& slot : ListWeightSlots(Config(Architecture::kQwen2), &weights)) {
    EXPECT_TRUE(places.insert(slot.tensor).second) << slot.name;
    EXPECT_TRUE(names.insert(slot.name).second) << slot.name;
  }
}

TEST(WeightsLayout, OnlyQwen2NeedsBiases) {
  ModelWeights weights;
  for (const char* name : {"blk.0.attn_q.bias", "blk.0.attn_k.bias", "blk.0.attn_v.bias"}) {
    EXPECT_TRUE(Find(ListWeightSlots(Config(Architecture::kQwen2), &weights), name).required);
    EXPECT_FALSE(Find(ListWeightSlots(Config(Architecture::kLlama), &weights), name).required);
  }
}

}  // namespace
}  // namespace dynsplit
