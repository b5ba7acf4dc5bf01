#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "select/policies.h"
#include "select/select_fixture.h"

namespace dynsplit {
namespace {

TEST(PolicyAllTest, TakesEveryCandidateWhateverTheBudget) {
  const std::vector<Block> blocks = BlocksOf({4, 4, 4, 4});
  SelectInput input = InputOf(blocks, 0);
  input.first_block = 1;
  std::vector<int32_t> chosen;
  SelectAll(Method(), input, nullptr, &chosen);
  EXPECT_THAT(chosen, ::testing::ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace dynsplit
