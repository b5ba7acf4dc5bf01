#include "base/first_error.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace dynsplit {
namespace {

TEST(FirstErrorTest, KeepsTheFirst) {
  FirstError error;
  EXPECT_TRUE(error.Set({}));
  EXPECT_TRUE(error.ok());
  EXPECT_TRUE(error.status().ok());
  EXPECT_FALSE(error.Set(NotFound("a")));
  EXPECT_FALSE(error.Set(IoError("b")));
  EXPECT_TRUE(error.Set({}));
  EXPECT_FALSE(error.ok());
  EXPECT_EQ(error.status().message(), "a");
  error.Clear();
  EXPECT_TRUE(error.ok());
  EXPECT_TRUE(error.status().ok());
}

TEST(FirstErrorTest, ThreadsMayFailAtOnce) {
  FirstError error;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] { error.Set(IoError(std::to_string(t))); });
    }
  }
  EXPECT_FALSE(error.ok());
  EXPECT_EQ(error.status().message().size(), 1u);
}

}  // namespace
}  // namespace dynsplit
