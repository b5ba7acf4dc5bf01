#include "apps/common/prefill.h"

#include <gtest/gtest.h>

#include "engine/engine_fixture.h"

namespace dynsplit {
namespace {

TEST(PrefillTest, ReadsUnderTheMethodThatCountsVotes) {
  const Method full = *MethodPreset("full"), snapkv = *MethodPreset("snapkv");
  const Method h2o = *MethodPreset("h2o");
  EXPECT_EQ(MethodToReadUnder(std::vector{full, h2o, snapkv}).policy, Policy::kH2o);
  EXPECT_EQ(MethodToReadUnder(std::vector{full, snapkv}).name, Method().name);
  EXPECT_EQ(MethodToReadUnder({}).name, Method().name);
}

using ForkUnderTest = testing::EngineTest;

TEST_F(ForkUnderTest, HasReadTheLastTokenAndCutTheText) {
  const std::vector<int32_t> tokens = testing::RandomTokens(300);
  const auto session = NewSession(*MethodPreset("full"));
  ASSERT_TRUE(session->Feed(std::span(tokens).first(299)).ok());
  const auto fork = ForkUnder(*MethodPreset("fixed"), *session, std::span(tokens).last(1),
                              {.attention = Attention::kSelected});
  ASSERT_TRUE(fork.ok()) << fork.status().ToString();
  EXPECT_EQ((*fork)->tokens().size(), 300u);
  EXPECT_EQ((*fork)->method().name, "fixed");
  EXPECT_FALSE((*fork)->finished_blocks().empty());
  EXPECT_EQ(session->tokens().size(), 299u);
  EXPECT_EQ(session->method().name, "full");
}

TEST_F(ForkUnderTest, TellsWhatFeedTells) {
  const auto session = NewSession();
  const int32_t none = -1;
  EXPECT_FALSE(ForkUnder(Method(), *session, {&none, 1}, {}).ok());
}

}  // namespace
}  // namespace dynsplit
