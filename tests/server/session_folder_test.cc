#include "apps/server/session_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temp_folder.h"

namespace dynsplit::testing {
namespace {

using server::SessionFolder;

TEST(SessionFolderTest, NamesLeadNowhereElse) {
  for (const char* name : {"a", "A-b_c.1", "0", "-x"}) EXPECT_TRUE(SessionFolder::IsName(name));
  for (const char* name :
       {"", ".", "..", ".hidden", "a/b", "../a", "a\\b", "a b", "a\n", "é", "~", "%2e%2e", "a:b"}) {
    EXPECT_FALSE(SessionFolder::IsName(name)) << name;
  }
  EXPECT_FALSE(SessionFolder::IsName(std::string("a\0b", 3)));
  EXPECT_TRUE(SessionFolder::IsName(std::string(SessionFolder::kMaxNameBytes, 'a')));
  EXPECT_FALSE(SessionFolder::IsName(std::string(SessionFolder::kMaxNameBytes + 1, 'a')));
}

TEST(SessionFolderTest, KeysHaveTheirOwn) {
  const TempFolder root;
  const SessionFolder folder(root.path() + "/sessions");
  EXPECT_TRUE(folder.List("").empty());  // no folder yet
  for (const char* key : {"", "../x", "y"}) ASSERT_TRUE(folder.Prepare(key).ok());
  const std::string path = folder.PathOf("../x", "a");
  EXPECT_TRUE(path.starts_with(root.path() + "/sessions/"));
  EXPECT_EQ(path.find("..", root.path().size()), std::string::npos);
  std::ofstream(path) << "abc";
  std::ofstream(folder.PathOf("../x", "b") + ".tmp") << "abc";
  EXPECT_TRUE(folder.List("").empty());
  EXPECT_TRUE(folder.List("y").empty());
  const auto saved = folder.List("../x");
  ASSERT_EQ(saved.size(), 1u);
  EXPECT_EQ(saved[0].name, "a");
  EXPECT_EQ(saved[0].bytes, 3);
  EXPECT_GT(saved[0].modified, 1'600'000'000);
  EXPECT_EQ(folder.Remove("y", "a").code(), StatusCode::kNotFound);
  EXPECT_TRUE(folder.Remove("../x", "a").ok());
  EXPECT_TRUE(folder.List("../x").empty());
}

TEST(SessionFolderTest, PlacesAreBoundedWhileTheyAreFilled) {
  const TempFolder root;
  SessionFolder folder(root.path());
  std::vector<std::shared_ptr<void>> places;
  for (size_t i = 0; i < SessionFolder::kMaxSessions; ++i) {
    places.push_back(folder.Reserve("", "s" + std::to_string(i)));
    EXPECT_TRUE(places.back());
  }
  EXPECT_FALSE(folder.Reserve("", "another"));
  EXPECT_TRUE(folder.Reserve("", "s3"));          // over one that is being saved
  EXPECT_TRUE(folder.Reserve("key", "another"));  // of another key
  places.pop_back();
  EXPECT_TRUE(folder.Reserve("", "another"));
}

TEST(SessionFolderTest, AFolderIsNoSession) {
  const TempFolder root;
  const SessionFolder folder(root.path());
  ASSERT_TRUE(folder.Prepare("").ok());
  ASSERT_EQ(mkdir(folder.PathOf("", "a").c_str(), 0700), 0);
  EXPECT_EQ(folder.Remove("", "a").code(), StatusCode::kCorruption);
}

TEST(SessionFolderTest, AFolderThatCannotBe) {
  const TempFolder root;
  root.Write("file", "");
  EXPECT_FALSE(SessionFolder(root.path() + "/file").Prepare("").ok());
}

}  // namespace
}  // namespace dynsplit::testing
