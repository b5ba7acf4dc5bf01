#include "engine/synthetic_fill.h"

#include <gmock/gmock.h>

#include <cmath>

#include "engine/engine_impl.h"
#include "engine_fixture.h"
#include "kernels/f16.h"
#include "store/pinned_pages.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

class SyntheticFillTest : public EngineTest {
 protected:
  void SetUp() override {
    Load({.num_layers = 4, .context_length = 4096}, {.threads = 1, .batch_tokens = 128});
  }

  std::unique_ptr<Session> Read(int tokens) {
    auto session = NewSession();
    EXPECT_TRUE(session->Feed(RandomTokens(tokens)).ok());
    return session;
  }

  // Keys and values of [begin, end), all layers and heads.
  static std::vector<float> Rows(Session* session, int64_t begin, int64_t end) {
    const SemanticCache& cache = session->impl().cache;
    std::vector<float> all;
    for (int64_t token = begin; token < end; ++token) {
      for (int layer = 0; layer < cache.shape().num_layers; ++layer) {
        for (int head = 0; head < cache.shape().kv_heads; ++head) {
          PinnedPages pages(cache.pages(), layer, head);
          EXPECT_TRUE(pages.Pin(KvPart::kKeys, TokenRange{token, token + 1}).ok());
          EXPECT_TRUE(pages.Pin(KvPart::kValues, TokenRange{token, token + 1}).ok());
          const KvView kv = pages.view();
          for (int i = 0; i < kv.head_dim; ++i) {
            all.push_back(F32FromF16(kv.Key(token)[i]));
            all.push_back(F32FromF16(kv.Value(token)[i]));
          }
        }
      }
    }
    return all;
  }

  static std::vector<float> Decode(Session* session, int steps) {
    for (const int32_t token : RandomTokens(steps, 7)) {
      EXPECT_TRUE(session->Feed({&token, 1}, {.attention = Attention::kSelected}).ok());
    }
    return {session->logits().begin(), session->logits().end()};
  }
};

// With a part of the pages in memory everything is as with all of them, to the bit.
TEST_F(SyntheticFillTest, LittleKvMemoryChangesNoLogit) {
  const TinyModelOptions model = {.num_layers = 4, .context_length = 8192};
  EngineOptions options = {.threads = 1, .batch_tokens = 128};
  std::vector<std::vector<float>> logits;
  for (const bool paged : {false, true}) {
    Load(model, options);
    if (paged) {
      options.kv_memory_bytes = AttentionBatch::LeastPageBytes(engine_->impl().shape, 1);
      options.kv_dir = ::testing::TempDir();
      Load(model, options);
    }
    auto session = Read(300);
    ASSERT_TRUE(FillSynthetically(session.get(), 7000).ok());
    const SessionStats stats = session->stats();
    EXPECT_EQ(stats.kv_bytes_resident < stats.kv_bytes_total, paged);
    EXPECT_LE(stats.kv_bytes_resident, paged ? options.kv_memory_bytes : stats.kv_bytes_total);
    logits.push_back(Decode(session.get(), 3));
    ASSERT_TRUE(session->Feed(RandomTokens(100, 3)).ok());
    const EngineStats engine = engine_->stats();
    EXPECT_EQ(engine.kv_bytes, session->stats().kv_bytes_total);
    EXPECT_GT(engine.chosen_blocks, 0);
    for (const int64_t moved : {engine.pages_read, engine.pages_spilled, engine.kv_bytes_spilled}) {
      EXPECT_EQ(moved > 0, paged);
    }
    logits.emplace_back(session->logits().begin(), session->logits().end());
  }
  EXPECT_EQ(logits[0], logits[2]);
  EXPECT_EQ(logits[1], logits[3]);
}

// The same for the types, of which the coarsest fits whole where f16 does not.
TEST_F(SyntheticFillTest, LittleKvMemoryChangesNoLogitOfAnyType) {
  const TinyModelOptions model = {.num_layers = 4, .context_length = 8192};
  std::vector<float> exact;
  for (const KvTypes types : {KvTypes{},
                              {KvType::kQ8, KvType::kQ8},
                              {KvType::kF16, KvType::kQ8},
                              {KvType::kF16, KvType::kQ4},
                              {KvType::kQ8, KvType::kQ4}}) {
    EngineOptions options = {.threads = 1, .batch_tokens = 128, .kv_types = types};
    std::vector<std::vector<float>> logits;
    for (const bool paged : {false, true}) {
      Load(model, options);
      if (paged) {
        const CacheShape& shape = engine_->impl().shape;
        options.kv_memory_bytes = AttentionBatch::LeastPageBytes(shape, 1, types.cold) +
                                  AttentionBatch::LeastHotBytes(shape, 1, 128, types.hot);
        options.kv_dir = ::testing::TempDir();
        Load(model, options);
      }
      auto session = Read(300);
      // Much of the context, so that types that choose otherwise lose little by it.
      ASSERT_TRUE(session->SetMethod(*ParseMethod("dynsplit+budget=1024@0.9")).ok());
      ASSERT_TRUE(FillSynthetically(session.get(), 7000).ok());
      const SessionStats stats = session->stats();
      EXPECT_LE(stats.kv_bytes_resident, paged ? options.kv_memory_bytes : stats.kv_bytes_total);
      logits.push_back(Decode(session.get(), 3));
    }
    EXPECT_EQ(logits[0], logits[1]);
    if (exact.empty()) exact = logits[0];
    const bool coarse = types.cold == KvType::kQ4;
    ExpectNear(logits[0], exact, coarse ? 0.5f : 0.05f);
    EXPECT_EQ(logits[0] == exact, types == KvTypes{});
  }
}

TEST_F(SyntheticFillTest, TakesTheRoomOfWhatIsRead) {
  auto filled = Read(200);
  ASSERT_TRUE(FillSynthetically(filled.get(), 801).ok());
  auto read = Read(1001);
  EXPECT_EQ(filled->tokens().size(), 1001u);
  EXPECT_EQ(filled->stats().kv_bytes_total, read->stats().kv_bytes_total);
}

TEST_F(SyntheticFillTest, RowsAreNearlyThoseThatWereRead) {
  auto session = Read(200);
  const std::vector<float> before = Rows(session.get(), 0, 200);
  ASSERT_TRUE(FillSynthetically(session.get(), 300).ok());
  EXPECT_EQ(Rows(session.get(), 0, 200), before);  // those stay
  const size_t row = before.size() / 200;
  for (int64_t token = 200; token < 500; ++token) {
    const std::vector<float> made = Rows(session.get(), token, token + 1);
    // The nearest row is of the same token, and not the same row.
    size_t source = 0;
    double least = 1e30;
    for (size_t t = 0; t < 200; ++t) {
      double distance = 0;
      for (size_t i = 0; i < row; ++i) distance += std::abs(made[i] - before[t * row + i]);
      if (distance < least) {
        least = distance;
        source = t;
      }
    }
    ASSERT_GE(source, 4u);  // never the sink
    ASSERT_GT(least, 0);
    ASSERT_EQ(session->tokens()[static_cast<size_t>(token)], session->tokens()[source]);
    for (size_t i = 0; i < row; ++i) {
      const float was = before[source * row + i];
      ASSERT_NEAR(made[i], was, 0.126f * std::abs(was) + 1e-6f);
    }
  }
}

TEST_F(SyntheticFillTest, TheSameSeedGivesTheSameRowsHoweverTheyAreBatched) {
  auto session = Read(100);
  auto other = session->Fork();
  ASSERT_TRUE(FillSynthetically(session.get(), 400, 3).ok());
  ASSERT_TRUE(FillSynthetically(other.get(), 400, 4).ok());
  const std::vector<float> want = Rows(session.get(), 100, 500);
  EXPECT_NE(Rows(other.get(), 100, 500), want);
  const std::vector<float> read = Rows(session.get(), 0, 100);
  const std::vector<int32_t> tokens(session->tokens().begin(), session->tokens().end());
  session.reset();
  other.reset();
  Load({.num_layers = 4, .context_length = 4096}, {.threads = 1, .batch_tokens = 100});
  auto again = Read(100);
  ASSERT_EQ(Rows(again.get(), 0, 100), read);
  ASSERT_TRUE(FillSynthetically(again.get(), 400, 3).ok());
  EXPECT_EQ(Rows(again.get(), 100, 500), want);
  EXPECT_TRUE(std::equal(tokens.begin(), tokens.end(), again->tokens().begin()));
}

TEST_F(SyntheticFillTest, EveryPresetDecodesAfterwards) {
  auto base =
      NewSession(MethodPreset("h2o").value());  // read once, so that every preset may follow
  ASSERT_TRUE(base->Feed(RandomTokens(200)).ok());
  ASSERT_TRUE(FillSynthetically(base.get(), 1800).ok());
  for (const char* name : {"full", "recent", "fixed", "quest", "sentence", "scatter", "snapkv",
                           "h2o", "dynsplit", "dynsplit+candidate=0.5"}) {
    auto session = base->Fork();
    Method method = ParseMethod(name).value();
    method.budget = {.tokens = 64};
    ASSERT_TRUE(session->SetMethod(method).ok()) << name;
    const std::vector<float> logits = Decode(session.get(), 3);
    for (const float logit : logits) ASSERT_TRUE(std::isfinite(logit)) << name;
    EXPECT_EQ(session->tokens().size(), 2003u);
    if (std::string(name) == "full" || std::string(name) == "recent") continue;
    // Two dense layers of four.
    EXPECT_NEAR(session->stats().attended_tokens_mean, 0.5 * 2002 + 0.5 * (4 + 64 + 64), 40)
        << name;
    EXPECT_GT(session->stats().num_blocks, 10) << name;
  }
}

TEST_F(SyntheticFillTest, RefusesWhatItCannotDo) {
  auto empty = NewSession();
  EXPECT_EQ(FillSynthetically(empty.get(), 10).code(), StatusCode::kInvalidArgument);
  auto session = Read(100);
  const Status full = FillSynthetically(session.get(), 3997);
  EXPECT_EQ(full.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(full.ToString(), HasSubstr("4096"));
  const std::atomic<bool> cancel{true};
  EXPECT_EQ(FillSynthetically(session.get(), 10, 0, &cancel).code(), StatusCode::kCancelled);
  EXPECT_EQ(session->tokens().size(), 100u);
  ASSERT_TRUE(FillSynthetically(session.get(), 3996).ok());
  EXPECT_EQ(session->tokens().size(), 4096u);
}

}  // namespace
}  // namespace dynsplit::testing
