// Sessions of models whose layers differ: windows, a soft-cap, values of another width. And, for
// every architecture, that a budget of everything is full attention.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine_fixture.h"
#include "support/temp_folder.h"
#include "support/tiny_architectures.h"

namespace dynsplit::testing {
namespace {

constexpr int kTokens = 300;

class EveryArchitectureTest : public ::testing::TestWithParam<TinyArchitecture> {};

TEST_P(EveryArchitectureTest, ABudgetOfEverythingEqualsFullAttention) {
  const TempFile file(GetParam().Make().Build());
  auto model = Model::Load(file.path());
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  auto engine = Engine::Create(*model, {.threads = 1, .context_tokens = 512});
  ASSERT_TRUE(engine.ok()) << engine.status().ToString();
  const std::vector<int32_t> text = RandomTokens(kTokens), question = RandomTokens(6, 2);
  const auto answer = [&](const std::string& spec, Attention reading) {
    auto session = (*engine)->NewSession(ParseMethod(spec).value());
    EXPECT_TRUE(session.ok()) << session.status().ToString();
    EXPECT_TRUE((*session)->Feed(text, {.attention = reading}).ok());
    EXPECT_TRUE((*session)
                    ->Feed(question, {.attention = Attention::kSelected, .logits = Logits::kAll})
                    .ok());
    return std::vector<float>((*session)->logits().begin(), (*session)->logits().end());
  };
  const std::vector<float> want = answer("full", Attention::kDense);
  float largest = 1;
  for (const float value : want) largest = std::max(largest, std::abs(value));
  for (const char* name :
       {"dynsplit", "dynsplit+pick=blocks", "quest", "oracle", "snapkv", "h2o"}) {
    const std::string spec = std::string(name) + "+budget=100000";
    const std::vector<float> got = answer(spec, Attention::kDense);
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_NEAR(got[i], want[i], 1e-3f * largest) << name << " " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EveryArchitectureTest, ::testing::ValuesIn(TinyArchitectures()),
                         [](const auto& model) {
                           std::string name = model.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// A window of 40 tokens in two of three layers, as tiny_model.cc makes it.
class WindowedSessionTest : public EngineTest {
 protected:
  static constexpr int kWindow = 40;

  void SetUp() override { LoadGemma({.threads = 1}); }
  void LoadGemma(const EngineOptions& options) {
    Load({.architecture = "gemma3",
          .num_layers = 6,
          .num_heads = 2,
          .num_kv_heads = 1,
          .head_dim = 16,
          .value_dim = 32,
          .context_length = 4096},
         options);
  }
  // Logits of the last token.
  std::vector<float> Read(Session* session, std::span<const int32_t> tokens, size_t pass) {
    for (size_t done = 0; done < tokens.size(); done += pass) {
      const auto some = tokens.subspan(done, std::min(pass, tokens.size() - done));
      EXPECT_TRUE(session->Feed(some).ok());
    }
    return {session->logits().begin(), session->logits().end()};
  }
  int64_t KvBytes(const Session& session) const { return session.stats().kv_bytes_total; }
};

TEST_F(WindowedSessionTest, DescribesWhatALayerHolds) {
  const ModelDescription& model = engine_->model().description();
  ASSERT_EQ(model.layers.size(), 6u);
  EXPECT_EQ(model.layers[0].window, kWindow);
  EXPECT_EQ(model.layers[2].window, 0);
  EXPECT_EQ(model.layers[5].window, 0);
  EXPECT_EQ(model.value_dim, 32);
  EXPECT_EQ(model.KvBytesPerToken(), 6 * (16 + 32) * 2);
  EXPECT_EQ(model.KvBytes(1000), (2 * 1000 + 4 * kWindow) * (16 + 32) * 2);
}

TEST_F(WindowedSessionTest, ChunksOfAnyLengthReadAlike) {
  const std::vector<int32_t> text = RandomTokens(700);
  const std::vector<float> want = Read(NewSession().get(), text, 512);
  for (const size_t pass : {size_t{1}, size_t{39}, size_t{40}, size_t{64}, size_t{129}}) {
    SCOPED_TRACE(pass);
    ExpectNear(Read(NewSession().get(), text, pass), want);
  }
}

// Four of six layers have the window, whatever the length of the text.
TEST_F(WindowedSessionTest, TakesTheMemoryOfItsWindows) {
  auto session = NewSession();
  const int64_t page_pair = int64_t{64} * 32 * 2 * 2;  // of keys and of values, the wider ones
  for (int64_t tokens = 256; tokens <= 2560; tokens += 256) {
    Read(session.get(), RandomTokens(256, static_cast<uint64_t>(tokens)), 256);
    EXPECT_LE(KvBytes(*session), (2 * (tokens / 64) + 4 * 2) * page_pair);
    EXPECT_GE(KvBytes(*session), (2 * (tokens / 64) + 4) * page_pair);
  }
}

TEST_F(WindowedSessionTest, FilesAndForksGoOnAlike) {
  const TempFolder folder;
  const std::string path = folder.path() + "/gemma.session";
  const Method method = ParseMethod("dynsplit+budget=40+recent=16").value();
  auto session = NewSession(method);
  Read(session.get(), RandomTokens(500), 512);
  ASSERT_TRUE(session->Save(path).ok());
  auto loaded = engine_->LoadSession(path, method);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  auto fork = session->Fork();
  EXPECT_EQ(KvBytes(**loaded), KvBytes(*session));
  for (uint64_t step = 1; step < 20; ++step) {
    const std::vector<int32_t> token = RandomTokens(1, step);
    const FeedOptions selected = {.attention = Attention::kSelected};
    ASSERT_TRUE(session->Feed(token, selected).ok());
    ASSERT_TRUE(fork->Feed(token, selected).ok());
    ASSERT_TRUE((*loaded)->Feed(token, selected).ok());
    EXPECT_TRUE(std::ranges::equal(fork->logits(), session->logits()));
    EXPECT_TRUE(std::ranges::equal((*loaded)->logits(), session->logits()));
  }
}

TEST_F(WindowedSessionTest, EncodedPagesStayNear) {
  const std::vector<int32_t> text = RandomTokens(700);
  const std::vector<float> want = Read(NewSession().get(), text, 128);
  for (const KvTypes types :
       {KvTypes{KvType::kQ8, KvType::kQ8}, KvTypes{KvType::kF16, KvType::kQ4}}) {
    LoadGemma({.threads = 1, .kv_types = types});
    ExpectNear(Read(NewSession().get(), text, 128), want, types.cold == KvType::kQ4 ? 0.4f : 0.05f);
  }
}

}  // namespace
}  // namespace dynsplit::testing
