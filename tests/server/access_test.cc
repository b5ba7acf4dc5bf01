#include "apps/server/access.h"

#include <gtest/gtest.h>

namespace dynsplit::server {
namespace {

TEST(Access, WithoutKeysEverybodyMayAsk) {
  EXPECT_EQ(Access({}).Check(""), "");
  EXPECT_EQ(Access({}).Check("Bearer x"), "");
}

TEST(Access, OnlyWholeKeysCount) {
  const Access access({"secret", "other"});
  EXPECT_EQ(access.Check("Bearer secret"), "secret");
  EXPECT_EQ(access.Check("Bearer other"), "other");
  EXPECT_EQ(access.Check("bearer other"), "other");  // a scheme has no case
  for (const char* header :
       {"", "secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Bearer secretsecret",
        "bearer Secret", "Basic secret", "Bearer  secret"}) {
    EXPECT_FALSE(access.Check(header)) << header;
  }
}

}  // namespace
}  // namespace dynsplit::server
