#include "apps/server/prefix_store.h"

#include <sys/stat.h>

#include <filesystem>

#include "server/server_fixture.h"
#include "support/temp_folder.h"

namespace dynsplit::testing {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNoBound = int64_t{1} << 40;

class PrefixStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<PrefixStore> Open(int64_t max_bytes = kNoBound) {
    auto store = PrefixStore::Open(folder_.path(), max_bytes, engine_.get());
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return *std::move(store);
  }
  std::unique_ptr<Session> Read(const std::vector<int32_t>& tokens) {
    auto session = engine_->NewSession();
    EXPECT_TRUE((*session)->Feed(tokens).ok());
    return *std::move(session);
  }
  // Names of the files but the lock.
  std::vector<std::string> Files(const std::string& extension = "") const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      const std::string name = entry.path().filename();
      if (name != "lock" && name.ends_with(extension)) names.push_back(name);
    }
    return names;
  }

  TempFolder folder_;
  std::unique_ptr<Engine> engine_ = TinyEngine();
};

TEST_F(PrefixStoreTest, OutlivesItsProcess) {
  const std::vector<int32_t> prompt = Letters(500);
  Open()->Save("key", *Read(prompt));
  const auto store = Open();
  EXPECT_EQ(store->size(), 1u);
  EXPECT_GT(store->bytes(), 0);
  EXPECT_EQ(store->SharedTokens("key", Letters(400)), 400);
  const auto session = store->Load("key", prompt);
  ASSERT_TRUE(session);
  EXPECT_TRUE(std::equal(prompt.begin(), prompt.end(), session->tokens().begin()));
  EXPECT_FALSE(session->logits().empty());
}

TEST_F(PrefixStoreTest, KeysShareNothing) {
  const auto store = Open();
  store->Save("one", *Read(Letters(500)));
  EXPECT_EQ(store->SharedTokens("two", Letters(500)), 0);
  EXPECT_FALSE(store->Load("two", Letters(500)));
  store->Save("two", *Read(Letters(500)));
  EXPECT_EQ(store->size(), 2u);
}

TEST_F(PrefixStoreTest, OnlyTheOwnerMayRead) {
  const TempFolder parent;
  const std::string path = parent.path() + "/a/b";
  const auto store = PrefixStore::Open(path, kNoBound, engine_.get());
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  (*store)->Save("key", *Read(Letters(500)));
  struct stat status = {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  for (const auto& entry : fs::directory_iterator(path)) {
    EXPECT_EQ(entry.status().permissions() & fs::perms::others_all, fs::perms::none);
    EXPECT_EQ(entry.status().permissions() & fs::perms::group_all, fs::perms::none);
  }
}

TEST_F(PrefixStoreTest, WhatGainsLittleIsNotWritten) {
  const auto store = Open();
  store->Save("", *Read(Letters(PrefixStore::kLeastGain - 1)));
  EXPECT_EQ(store->size(), 0u);
  store->Save("", *Read(Letters(500)));
  store->Save("", *Read(Letters(500 + PrefixStore::kLeastGain - 1)));
  store->Save("", *Read(Letters(300)));
  EXPECT_EQ(store->size(), 1u);
  store->Save("", *Read(Letters(1000)));  // takes the place of its beginning
  EXPECT_EQ(store->size(), 1u);
  EXPECT_EQ(store->SharedTokens("", Letters(1000)), 1000);
  EXPECT_EQ(Files().size(), 2u);
}

TEST_F(PrefixStoreTest, TheLeastRecentlyUsedGoesFirstAlsoAfterAStart) {
  auto store = Open();
  for (const int first : {'a', 'B', '!'}) store->Save("", *Read(Letters(300, first)));
  ASSERT_TRUE(store->Load("", Letters(300)));  // 'B' is now the oldest
  const int64_t one = store->bytes() / 3;
  store.reset();
  store = Open(one * 5 / 2);
  EXPECT_EQ(store->size(), 2u);
  EXPECT_EQ(store->SharedTokens("", Letters(300)), 300);
  EXPECT_EQ(store->SharedTokens("", Letters(300, 'B')), 0);
  store->Save("", *Read(Letters(300, 'B')));
  EXPECT_EQ(store->size(), 2u);
  EXPECT_LE(store->bytes(), one * 5 / 2);
  EXPECT_EQ(store->SharedTokens("", Letters(300)), 300);
  store->Save("", *Read(Letters(3000, '!')));  // larger than the store
  EXPECT_EQ(store->size(), 2u);
}

// What a process that was killed, or a disk, may leave: each file cut short or changed at each of
// several places, or one without the other.
TEST_F(PrefixStoreTest, WhatIsBrokenIsRemovedAndNeverServed) {
  Open()->Save("", *Read(Letters(500)));
  const std::vector<std::string> names = Files();
  ASSERT_EQ(names.size(), 2u);
  const std::string contents[] = {folder_.Read(names[0]), folder_.Read(names[1])};
  const auto restore = [&] {
    for (size_t i = 0; i < 2; ++i) folder_.Write(names[i], contents[i]);
  };
  for (size_t i = 0; i < 2; ++i) {
    for (const size_t parts : {1, 2, 5}) {
      for (const bool cut : {true, false}) {
        restore();
        std::string broken = contents[i];
        if (cut) {
          broken.resize(broken.size() * (parts - 1) / parts);
        } else {
          broken[(broken.size() - 1) / parts] ^= 1;
        }
        folder_.Write(names[i], broken);
        const auto store = Open();
        EXPECT_FALSE(store->Load("", Letters(500))) << names[i] << parts << cut;
        EXPECT_EQ(store->size(), 0u);
        EXPECT_EQ(store->bytes(), 0);
        EXPECT_EQ(store->num_failures(), 1);
        EXPECT_EQ(Files().size(), 0u);
      }
    }
    restore();
    fs::remove(folder_.path() + "/" + names[i]);
    EXPECT_EQ(Open()->size(), 0u);
    EXPECT_EQ(Files().size(), 0u);
  }
}

TEST_F(PrefixStoreTest, LeftoversGoAndWhatIsNotOursStays) {
  folder_.Write(".dynsplit-new-Xy12Zw", "half");
  folder_.Write("0123456789abcdef.session", "without its tokens");
  folder_.Write("notes.session", "mine");
  Open();
  EXPECT_EQ(Files(), std::vector<std::string>{"notes.session"});
  EXPECT_FALSE(fs::exists(folder_.path() + "/.dynsplit-new-Xy12Zw"));
}

TEST_F(PrefixStoreTest, TwoProcessesDoNotMeet) {
  const auto first = Open();
  const auto second = PrefixStore::Open(folder_.path(), kNoBound, engine_.get());
  EXPECT_EQ(second.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(second.status().message(), ::testing::HasSubstr(folder_.path()));
}

TEST_F(PrefixStoreTest, AFolderThatCannotBe) {
  folder_.Write("file", "");
  EXPECT_FALSE(PrefixStore::Open(folder_.path() + "/file", kNoBound, engine_.get()).ok());
}

TEST_F(PrefixStoreTest, AFullDiskIsCountedAndNothingIsLeft) {
  const auto store = Open();
  fs::remove_all(folder_.path());  // no file can be made
  store->Save("", *Read(Letters(500)));
  EXPECT_EQ(store->size(), 0u);
  EXPECT_EQ(store->num_failures(), 1);
}

TEST_F(PrefixStoreTest, ClearingRemovesTheFiles) {
  const auto store = Open();
  store->Save("", *Read(Letters(500)));
  store->Clear();
  EXPECT_EQ(Files().size(), 0u);
  EXPECT_EQ(store->bytes(), 0);
}

}  // namespace
}  // namespace dynsplit::testing
