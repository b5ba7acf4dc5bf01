#include "apps/eval/calibration.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>

#include "engine/engine_fixture.h"

namespace dynsplit::eval {
namespace {

class CalibrationTest : public testing::EngineTest {
 protected:
  CalibrationTest() {
    plan_.method = *ParseMethod("dynsplit+budget=8+recent=8");
    plan_.passages = 4;
    plan_.most_heads = 2;
    plan_.on_measured = [this](std::span<const LayerHead> heads, double divergence) {
      measured_.emplace_back(std::vector(heads.begin(), heads.end()), divergence);
    };
  }

  Result<Calibration> Run() {
    return Calibrate(plan_, std::vector<std::vector<int32_t>>{testing::RandomTokens(400)},
                     engine_.get());
  }

  CalibrationPlan plan_;
  std::vector<std::pair<std::vector<LayerHead>, double>> measured_;
};

TEST_F(CalibrationTest, EveryFoundHeadIsTheBestOfThoseThatWereTriedWithTheOthers) {
  const auto found = Run();
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  ASSERT_FALSE(found->heads.empty());
  EXPECT_GT(found->divergence, 0);
  EXPECT_TRUE(measured_.front().first.empty());
  EXPECT_EQ(measured_.front().second, found->divergence);
  const int kv_heads = engine_->model().description().num_kv_heads;
  // The first round: the best layer, and of it the best head.
  double best_layer = measured_[1].second;
  int layer = 0;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(measured_[1 + static_cast<size_t>(i)].first.size(), static_cast<size_t>(kv_heads));
    if (measured_[1 + static_cast<size_t>(i)].second < best_layer) {
      best_layer = measured_[1 + static_cast<size_t>(i)].second;
      layer = i;
    }
  }
  EXPECT_EQ(found->heads[0].head.layer, layer);
  // Of that layer every head alone; no other is better.
  for (int g = 0; g < kv_heads; ++g) {
    const auto& [heads, divergence] = measured_[static_cast<size_t>(5 + g)];
    ASSERT_EQ(heads, (std::vector<LayerHead>{{layer, g}}));
    EXPECT_GE(divergence, found->heads[0].divergence);
  }
  double before = found->divergence;
  for (const ProfileHead& head : found->heads) {
    EXPECT_LT(head.divergence, before);
    before = head.divergence;
  }
}

TEST_F(CalibrationTest, AHeadThatGainsTooLittleIsNotTaken) {
  plan_.least_gain = 1;
  const auto found = Run();
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->heads.empty());
}

TEST_F(CalibrationTest, WithoutALimitNoHeadComesTwice) {
  plan_.most_heads = 100;
  plan_.least_gain = 0;
  const auto found = Run();
  ASSERT_TRUE(found.ok());
  for (size_t i = 0; i < found->heads.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_FALSE(found->heads[i].head == found->heads[j].head);
  }
}

TEST_F(CalibrationTest, AShortTextIsRefusedWithBothLengths) {
  const auto found = Calibrate(plan_, std::vector<std::vector<int32_t>>{testing::RandomTokens(200)},
                               engine_.get());
  EXPECT_EQ(found.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(found.status().message(), ::testing::HasSubstr("200 tokens, wanted at least 224"));
}

TEST_F(CalibrationTest, CanBeCancelled) {
  std::atomic<bool> cancel = false;
  plan_.cancel = &cancel;
  plan_.on_measured = [&](std::span<const LayerHead> heads, double) { cancel = !heads.empty(); };
  EXPECT_EQ(Run().status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(cancel);
}

}  // namespace
}  // namespace dynsplit::eval
