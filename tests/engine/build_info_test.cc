#include "engine/build_info.h"

#include <gmock/gmock.h>

#include "kernels/isa.h"

namespace dynsplit {
namespace {

TEST(BuildInfoTest, NamesVersionsAndInstructionSets) {
  const std::string text = DescribeBuild();
  EXPECT_THAT(text, ::testing::StartsWith("dynsplit "));
  EXPECT_THAT(text, ::testing::HasSubstr("kernels " + ActiveIsa()));
  EXPECT_THAT(text, ::testing::HasSubstr("ggml "));
}

}  // namespace
}  // namespace dynsplit
