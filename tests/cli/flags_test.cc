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
  ModelFlags flags;
  flags.prefill = Attention::kDense;
  EXPECT_EQ(PrefillUnder(Method{}, flags), Attention::kDense);
  flags.prefill = Attention::kJoint;
  EXPECT_EQ(PrefillUnder(MethodPreset("full").value(), flags), Attention::kJoint);
}

}  // namespace
}  // namespace dynsplit::cli
