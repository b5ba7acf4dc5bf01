#include "apps/server/prefix_cache.h"

#include "server/server_fixture.h"
#include "support/temp_folder.h"

namespace dynsplit::testing {
namespace {

constexpr int64_t kPlenty = int64_t{1} << 40;

class PrefixCacheTest : public ::testing::Test {
 protected:
  std::unique_ptr<Session> Read(const std::vector<int32_t>& tokens) {
    auto session = engine_->NewSession();
    EXPECT_TRUE(session.ok());
    EXPECT_TRUE((*session)->Feed(tokens).ok());
    return *std::move(session);
  }
  // Reads on from a session.
  static std::unique_ptr<Session> ReadOn(const Session& session, std::vector<int32_t> tokens,
                                         Logits logits = Logits::kLast) {
    auto longer = session.Fork();
    EXPECT_TRUE(longer->Feed(tokens, {.logits = logits}).ok());
    return longer;
  }

  std::unique_ptr<Engine> engine_ = TinyEngine();
};

TEST_F(PrefixCacheTest, GivesTheLongestPrefix) {
  PrefixCache cache(kPlenty);
  const std::vector<int32_t> prompt = Letters(300);
  EXPECT_FALSE(cache.Find("", prompt).session);
  auto session = Read({prompt.begin(), prompt.begin() + 100});
  cache.Insert("", *session);
  cache.Insert("", *ReadOn(*session, {prompt.begin() + 100, prompt.begin() + 200}));
  cache.Insert("", *ReadOn(*session, Letters(150, 'A')));
  PrefixCache::Match match = cache.Find("", prompt);
  ASSERT_TRUE(match.session);
  EXPECT_EQ(match.session->tokens().size(), 200u);
  EXPECT_EQ(match.shared_tokens, 200);
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_FALSE(cache.Find("another key", prompt).session);
}

// Of short prompts these are most of it.
TEST_F(PrefixCacheTest, CountsTheQueriesThatItKeeps) {
  PrefixCache cache(kPlenty);
  const auto session = Read(Letters(100));
  cache.Insert("", *session);
  const SessionStats stats = session->stats();
  const auto& model = engine_->model().description();
  EXPECT_GE(stats.window_bytes, 32 * 4 * model.num_layers * model.num_heads * model.head_dim);
  EXPECT_GE(cache.bytes(), stats.kv_bytes_total + stats.window_bytes);
}

TEST_F(PrefixCacheTest, SaysWherePromptsPart) {
  PrefixCache cache(kPlenty);
  std::vector<int32_t> prompt = Letters(200);
  auto session = Read({prompt.begin(), prompt.begin() + 64});
  cache.Insert("", *session);
  cache.Insert("", *ReadOn(*session, {prompt.begin() + 64, prompt.end()}));
  prompt[150] = 'Z';
  const PrefixCache::Match match = cache.Find("", prompt);
  ASSERT_TRUE(match.session);
  EXPECT_EQ(match.session->tokens().size(), 150u - 32u);  // which have to be read again
  EXPECT_EQ(match.shared_tokens, 150);
  prompt[100] = 'Z';  // too little more than a kept prefix
  EXPECT_EQ(cache.Find("", prompt).session->tokens().size(), 64u);
}

TEST_F(PrefixCacheTest, WholePromptsNeedTheirLogits) {
  PrefixCache cache(kPlenty);
  const std::vector<int32_t> prompt = Letters(100);
  auto session = engine_->NewSession();
  ASSERT_TRUE((*session)->Feed(prompt, {.logits = Logits::kNone}).ok());
  cache.Insert("", **session);
  EXPECT_EQ(cache.Find("", prompt).session->tokens().size(), 100u - 32u);
  EXPECT_EQ(cache.Find("", Letters(101)).session->tokens().size(), 100u);
  cache.Insert("", *Read(prompt));  // takes the place of the other
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.Find("", prompt).session->tokens().size(), 100u);
}

TEST_F(PrefixCacheTest, SharedPagesCountOnce) {
  PrefixCache cache(kPlenty);
  auto first = Read(Letters(128));  // whole pages
  cache.Insert("", *first);
  const int64_t one = cache.bytes();
  EXPECT_GE(one, first->stats().kv_bytes_total);
  auto second = ReadOn(*first, Letters(128, 'A'));
  cache.Insert("", *second);
  const int64_t both = cache.bytes();
  EXPECT_LT(both - one, one * 3 / 2);  // as much again, and 30 bytes for each token before
  EXPECT_GE(both, second->stats().kv_bytes_total);

  // The same whichever comes first.
  PrefixCache reversed(kPlenty);
  reversed.Insert("", *second);
  reversed.Insert("", *first);
  EXPECT_EQ(reversed.bytes(), both);
  reversed.Clear();
  EXPECT_EQ(reversed.bytes(), 0);
}

TEST_F(PrefixCacheTest, DropsTheLeastRecentlyUsedAndNoPrefixBeforeItsOwn) {
  auto a = Read(Letters(128));
  auto a_longer = ReadOn(*a, Letters(128, 'A'));
  auto b = Read(Letters(128, 'B'));
  PrefixCache measure(kPlenty);
  for (const Session* session : {a.get(), a_longer.get()}) measure.Insert("", *session);
  PrefixCache cache(measure.bytes());  // room for these two
  cache.Insert("", *a);
  cache.Insert("", *a_longer);
  EXPECT_EQ(cache.size(), 2u);
  cache.Insert("", *b);
  EXPECT_LE(cache.bytes(), measure.bytes());
  EXPECT_TRUE(cache.Find("", Letters(140, 'B')).session);
  const PrefixCache::Match match = cache.Find("", Letters(140));
  ASSERT_TRUE(match.session);  // what went on from it was dropped first
  EXPECT_EQ(match.session->tokens().size(), 128u);
}

TEST_F(PrefixCacheTest, WhatIsDroppedComesBackFromTheStore) {
  const TempFolder folder;
  const std::unique_ptr<PrefixStore> store =
      *PrefixStore::Open(folder.path(), kPlenty, engine_.get());
  const auto a = Read(Letters(600)), b = Read(Letters(600, 'B'));
  PrefixCache measure(kPlenty);
  measure.Insert("", *a);
  PrefixCache cache(measure.bytes() * 3 / 2, store.get());  // room for one
  cache.Insert("", *a);
  EXPECT_EQ(store->size(), 0u);
  cache.Insert("", *b);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(store->size(), 1u);
  std::vector<int32_t> prompt = Letters(500);
  prompt.push_back('Z');
  const PrefixCache::Match match = cache.Find("", prompt);
  ASSERT_TRUE(match.session);
  EXPECT_EQ(match.shared_tokens, 500);
  EXPECT_EQ(store->size(), 2u);  // the other one went
  EXPECT_FALSE(cache.Find("another key", prompt).session);
  EXPECT_FALSE(cache.StoreNext() && cache.StoreNext());
}

TEST_F(PrefixCacheTest, TheLongestIsStoredFirstAndStandsForItsBeginnings) {
  const TempFolder folder;
  const std::unique_ptr<PrefixStore> store =
      *PrefixStore::Open(folder.path(), kPlenty, engine_.get());
  PrefixCache cache(kPlenty, store.get());
  const auto a = Read(Letters(600));
  cache.Insert("", *a);
  cache.Insert("", *ReadOn(*a, Letters(400, 'B')));
  auto votes = engine_->NewSession(*MethodPreset("h2o"));
  ASSERT_TRUE((*votes)->Feed(Letters(700, 'C')).ok());
  cache.Insert("votes", **votes);
  int tried = 0;
  while (cache.StoreNext()) ++tried;
  EXPECT_EQ(tried, 3);
  EXPECT_EQ(store->size(), 1u);
  EXPECT_EQ(store->SharedTokens("", Letters(600)), 600);
  EXPECT_EQ(store->SharedTokens("votes", Letters(700, 'C')), 0);
}

TEST_F(PrefixCacheTest, NothingIsKeptWithoutRoom) {
  PrefixCache none(0), little(1000);
  auto session = Read(Letters(100));
  none.Insert("", *session);
  little.Insert("", *session);
  EXPECT_EQ(none.size() + little.size(), 0u);
  EXPECT_EQ(none.bytes() + little.bytes(), 0);
}

}  // namespace
}  // namespace dynsplit::testing
