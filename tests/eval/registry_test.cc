#include "apps/eval/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace dynsplit::eval {
namespace {

TEST(RegistryTest, UnknownTaskIsToldTheNames) {
  const auto task = FindTask("no-such-task");
  ASSERT_EQ(task.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(task.status().message(), ::testing::HasSubstr("no-such-task"));
  for (const TaskEntry& known : Tasks()) {
    EXPECT_THAT(task.status().message(), ::testing::HasSubstr(std::string(known.name)));
  }
}

TEST(RegistryTest, EachNameFindsItsTask) {
  std::set<std::string_view> names;
  for (const TaskEntry& known : Tasks()) {
    EXPECT_TRUE(names.insert(known.name).second) << known.name;
    const auto task = FindTask(known.name);
    ASSERT_TRUE(task.ok()) << known.name;
    EXPECT_EQ(task->make, known.make);
    EXPECT_FALSE(task->summary.empty()) << known.name;
  }
}

}  // namespace
}  // namespace dynsplit::eval
