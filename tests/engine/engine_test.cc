#include "dynsplit/engine.h"

#include <gmock/gmock.h>

#include "engine/engine_impl.h"
#include "engine_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(EngineTest, RefusesOptionsOutOfRange) {
  const TempFile file(TinyModel().Build());
  auto model = Model::Load(file.path());
  ASSERT_TRUE(model.ok());
  for (const EngineOptions& bad :
       {EngineOptions{.threads = -1}, EngineOptions{.threads = 100000},
        EngineOptions{.batch_tokens = 0}, EngineOptions{.batch_tokens = 1 << 20},
        EngineOptions{.context_tokens = -5}, EngineOptions{.boundary_window = 0},
        EngineOptions{.boundary_window = 256}, EngineOptions{.boundary_retained = 0},
        EngineOptions{.boundary_retained = 1 << 20}, EngineOptions{.joint = {.budget_tokens = 7}},
        EngineOptions{.joint = {.window = 63}},
        EngineOptions{.kv_types = {KvType::kQ4, KvType::kQ4}},
        EngineOptions{.kv_types = {KvType::kQ8, KvType::kF16}},
        EngineOptions{.kv_memory_bytes = -1},
        EngineOptions{.kv_memory_bytes = 4096, .kv_dir = "/tmp"}}) {
    auto engine = Engine::Create(*model, bad);
    ASSERT_FALSE(engine.ok());
    EXPECT_EQ(engine.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(engine.status().message(), HasSubstr("wanted"));
  }
}

TEST_F(EngineTest, TooLittleKvMemorySaysTheLeastThatWouldDo) {
  const TempFile file(TinyModel().Build());
  auto model = Model::Load(file.path());
  ASSERT_TRUE(model.ok());
  EngineOptions options = {.threads = 1, .kv_memory_bytes = 1, .kv_dir = ::testing::TempDir()};
  const Status refused = Engine::Create(*model, options).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  options.kv_memory_bytes = AttentionBatch::LeastPageBytes(engine_->impl().shape, 1);
  EXPECT_THAT(refused.message(),
              HasSubstr("wanted " + std::to_string(options.kv_memory_bytes) + " to"));
  EXPECT_TRUE(Engine::Create(*model, options).ok());
  options.kv_dir = "/no/such/dir";
  EXPECT_EQ(Engine::Create(*model, options).status().code(), StatusCode::kNotFound);
}

TEST_F(EngineTest, OfTwoTypesEachHasItsLeastMemory) {
  const TempFile file(TinyModel().Build());
  auto model = Model::Load(file.path());
  ASSERT_TRUE(model.ok());
  EngineOptions options = {.threads = 2,
                           .batch_tokens = 128,
                           .kv_types = {KvType::kF16, KvType::kQ4},
                           .kv_memory_bytes = 1,
                           .kv_dir = ::testing::TempDir()};
  const CacheShape& shape = engine_->impl().shape;
  const int64_t least = AttentionBatch::LeastPageBytes(shape, 2, KvType::kQ4) +
                        AttentionBatch::LeastHotBytes(shape, 2, 128, KvType::kF16);
  EXPECT_LT(least, AttentionBatch::LeastPageBytes(shape, 2));
  EXPECT_THAT(Engine::Create(*model, options).status().message(),
              HasSubstr("wanted " + std::to_string(least) + " to"));
  options.kv_memory_bytes = least;
  EXPECT_TRUE(Engine::Create(*model, options).ok());
}

TEST_F(EngineTest, TakesContextAndThreadsFromModelAndMachine) {
  Load({}, {});
  EXPECT_EQ(engine_->context_tokens(), 512);
  EXPECT_GE(engine_->threads(), 1);
}

TEST_F(EngineTest, RefusesAWrongBatch) {
  auto session = NewSession();
  const std::vector<int32_t> tokens = RandomTokens(600);
  const auto run = [&](std::span<const int32_t> part, int times = 1) {
    const std::vector<BatchItem> items(times, {.session = session.get(), .tokens = part});
    return engine_->Run(items).code();
  };
  EXPECT_EQ(run({}), StatusCode::kInvalidArgument);
  EXPECT_EQ(run(std::span(tokens).first(513)), StatusCode::kInvalidArgument);
  EXPECT_EQ(run(std::span(tokens).first(2), 2), StatusCode::kInvalidArgument);
  EXPECT_EQ(run(std::vector<int32_t>{5, -1}), StatusCode::kInvalidArgument);
  EXPECT_EQ(run(std::vector<int32_t>{5, 1 << 20}), StatusCode::kInvalidArgument);
  EXPECT_EQ(engine_->Run({}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(session->tokens().size(), 0u);
  EXPECT_EQ(run(std::span(tokens).first(2)), StatusCode::kOk);
}

TEST_F(EngineTest, RefusesASessionThatIsNotItsOwn) {
  auto session = NewSession();
  const TempFile file(TinyModel().Build());
  auto other = Engine::Create(*Model::Load(file.path()), {.threads = 1});
  ASSERT_TRUE(other.ok());
  const std::vector<int32_t> tokens = {1};
  for (Session* wrong : {session.get(), static_cast<Session*>(nullptr)}) {
    const BatchItem item{.session = wrong, .tokens = tokens};
    EXPECT_EQ((*other)->Run({&item, 1}).code(), StatusCode::kInvalidArgument);
  }
}

TEST_F(EngineTest, RefusesTokensPastTheContext) {
  auto session = NewSession();
  const std::vector<int32_t> tokens = RandomTokens(512);
  ASSERT_TRUE(session->Feed(std::span(tokens).first(500)).ok());
  const BatchItem item{.session = session.get(), .tokens = std::span(tokens).first(13)};
  const Status status = engine_->Run({&item, 1});
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("512"));
  EXPECT_EQ(session->tokens().size(), 500u);
}

TEST_F(EngineTest, ABatchOfSequencesEqualsEachAlone) {
  const std::vector<int32_t> a = RandomTokens(90, 1), b = RandomTokens(40, 2),
                             c = RandomTokens(7, 3);
  auto sa = NewSession(), sb = NewSession(), sc = NewSession();
  ASSERT_TRUE(sb->Feed(b).ok());
  const std::vector<int32_t> next = {11};
  // A prompt, a decoded token and a short prompt with all its logits, mixed.
  const std::vector<BatchItem> items = {
      {.session = sa.get(), .tokens = a},
      {.session = sb.get(), .tokens = next, .attention = Attention::kSelected},
      {.session = sc.get(), .tokens = c, .logits = Logits::kAll}};
  ASSERT_TRUE(engine_->Run(items).ok());

  auto alone = NewSession();
  ASSERT_TRUE(alone->Feed(a).ok());
  ExpectNear(sa->logits(), alone->logits());
  alone = NewSession();
  ASSERT_TRUE(alone->Feed(b).ok());
  ASSERT_TRUE(alone->Feed(next, {.attention = Attention::kSelected}).ok());
  ExpectNear(sb->logits(), alone->logits());
  alone = NewSession();
  ASSERT_TRUE(alone->Feed(c, {.logits = Logits::kAll}).ok());
  ExpectNear(sc->logits(), alone->logits());
  EXPECT_EQ(sc->logits().size(), 7 * sa->logits().size());
}

TEST_F(EngineTest, ACancelledPassChangesNothing) {
  auto session = NewSession();
  const std::vector<int32_t> tokens = RandomTokens(100);
  ASSERT_TRUE(session->Feed(std::span(tokens).first(50)).ok());
  const std::atomic<bool> cancel{true};
  const BatchItem item{.session = session.get(), .tokens = std::span(tokens).subspan(50)};
  EXPECT_EQ(engine_->Run({&item, 1}, &cancel).code(), StatusCode::kCancelled);
  EXPECT_EQ(session->tokens().size(), 50u);
  ASSERT_TRUE(engine_->Run({&item, 1}).ok());
  auto whole = NewSession();
  ASSERT_TRUE(whole->Feed(tokens).ok());
  ExpectNear(session->logits(), whole->logits());
}

TEST_F(EngineTest, NewSessionChecksTheMethod) {
  Method method;
  method.vectors = 0;
  EXPECT_EQ(engine_->NewSession(method).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace dynsplit::testing
