#include "apps/cli/flags.h"

#include <gtest/gtest.h>

namespace dynsplit::cli {
namespace {

TEST(FlagsTest, APromptIsReadAsAnswersAttend) {
  for (const char* spec : {"dynsplit", "quest", "fixed", "dynsplit+budget=8%"}) {
    EXPECT_EQ(PrefillUnder(ParseMethod(spec).value(), {}), Attention::kJoint) << spec;
  }
  for (const char* spec : {"full", "recent", "oracle", "random", "snapkv", "h2o"}) {
    EXPECT_EQ(PrefillUnder(ParseMethod(spec).value(), {}), Attention::kDense) << spec;
  }
}

TEST(FlagsTest, APromptIsReadAsTheFlagSays) {
  EXPECT_EQ(PrefillUnder(Method{}, {.prefill = Attention::kDense}), Attention::kDense);
  const Method full = MethodPreset("full").value();
  EXPECT_EQ(PrefillUnder(full, {.prefill = Attention::kJoint}), Attention::kJoint);
}

}  // namespace
}  // namespace dynsplit::cli
