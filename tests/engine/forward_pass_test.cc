#include "engine/forward_pass.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/rng.h"
#include "cache/attention_batch.h"
#include "support/temp_file.h"
#include "support/tiny_model.h"

namespace dynsplit::testing {
namespace {

class ForwardPassTest : public ::testing::Test {
 protected:
  ForwardPassTest() {
    const TempFile file(TinyModel({.num_layers = 3}).Build());
    weights_ = Weights::Load(file.path()).value();
    const ModelConfig& config = weights_->config();
    const CacheShape shape{config.num_layers, config.num_heads, config.Layer(0).num_kv_heads,
                           config.head_dim};
    pool_ = std::make_unique<PagePool>(shape.head_dim);
    batch_ = std::make_unique<AttentionBatch>(shape, 2);
    ops_ = std::make_unique<AttentionOps>(batch_.get(), shape.num_layers);
    forward_ = std::make_unique<ForwardPass>(weights_.get(), ops_.get(), 1, 512);
    const std::vector<std::string> bytes = {"a"};
    const std::vector<uint8_t> turn(1);
    cache_ = std::make_unique<SemanticCache>(
        shape, Method{}, pool_.get(),
        std::make_shared<const DelimiterTable>(DelimiterTable::Build(bytes, turn)), CacheOptions{});
  }

  // The pass is never committed, so every call starts from empty.
  Result<std::span<const float>> Run(int rows, const std::vector<int32_t>& output_rows,
                                     const std::atomic<bool>* cancel = nullptr) {
    tokens_.resize(static_cast<size_t>(rows));
    std::iota(tokens_.begin(), tokens_.end(), 3);
    std::vector<int32_t> positions(tokens_.size());
    std::iota(positions.begin(), positions.end(), 0);
    EXPECT_TRUE(cache_->Begin(tokens_, Attention::kDense).ok());
    const Span span{.cache = cache_.get(), .first_row = 0, .rows = rows};
    batch_->Begin({&span, 1});
    return forward_->Run({tokens_, positions, output_rows}, cancel);
  }

  std::unique_ptr<Weights> weights_;
  std::unique_ptr<PagePool> pool_;
  std::unique_ptr<AttentionBatch> batch_;
  std::unique_ptr<AttentionOps> ops_;
  std::unique_ptr<ForwardPass> forward_;
  std::unique_ptr<SemanticCache> cache_;
  std::vector<int32_t> tokens_;
};

TEST_F(ForwardPassTest, GivesTheRowsThatAreAskedFor) {
  const size_t vocab = static_cast<size_t>(weights_->config().vocab_size);
  auto all = Run(5, {0, 1, 2, 3, 4});
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 5 * vocab);
  const std::vector<float> want(all->begin(), all->end());
  auto some = Run(5, {1, 4});
  ASSERT_TRUE(some.ok());
  ASSERT_EQ(some->size(), 2 * vocab);
  for (size_t i = 0; i < vocab; ++i) {
    EXPECT_NEAR((*some)[i], want[vocab + i], 1e-5);
    EXPECT_NEAR((*some)[vocab + i], want[4 * vocab + i], 1e-5);
  }
}

TEST_F(ForwardPassTest, ManyShapesOneAfterTheOtherStayRight) {
  const auto want = Run(9, {8});
  ASSERT_TRUE(want.ok());
  const std::vector<float> first(want->begin(), want->end());
  for (const int rows : {1, 2, 3, 4, 5, 6, 7, 9}) ASSERT_TRUE(Run(rows, {rows - 1}).ok());
  const auto again = Run(9, {8});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(first, std::vector<float>(again->begin(), again->end()));
}

TEST_F(ForwardPassTest, IsCancelled) {
  const std::atomic<bool> cancel{true};
  EXPECT_EQ(Run(5, {4}, &cancel).status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(Run(5, {4}).ok());
}

}  // namespace
}  // namespace dynsplit::testing
