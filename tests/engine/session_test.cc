#include "dynsplit/session.h"

#include <gmock/gmock.h>

#include "engine_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

class SessionTest : public EngineTest {
 protected:
  // Feeds tokens one by one, as decoding does, and keeps every row of logits.
  static std::vector<float> Decode(Session* session, std::span<const int32_t> tokens) {
    std::vector<float> all;
    for (const int32_t& token : tokens) {
      EXPECT_TRUE(session->Feed({&token, 1}, {.attention = Attention::kSelected}).ok());
      all.insert(all.end(), session->logits().begin(), session->logits().end());
    }
    return all;
  }
};

TEST_F(SessionTest, ChunksDoNotChangeTheResult) {
  const std::vector<int32_t> tokens = RandomTokens(200);
  auto whole = NewSession();
  ASSERT_TRUE(whole->Feed(tokens, {.logits = Logits::kAll}).ok());
  const std::vector<float> want(whole->logits().begin(), whole->logits().end());
  whole.reset();  // sessions do not outlive their engine
  for (const int batch : {1, 7, 64, 100}) {
    Load({.num_layers = 4}, {.threads = 1, .batch_tokens = batch});
    auto session = NewSession();
    ASSERT_TRUE(session->Feed(tokens, {.logits = Logits::kAll}).ok());
    ExpectNear(session->logits(), want);
    session.reset();
  }
}

TEST_F(SessionTest, JointReadingWithRoomForAllIsDenseReading) {
  const std::vector<int32_t> tokens = RandomTokens(400);
  auto whole = NewSession();
  ASSERT_TRUE(whole->Feed(tokens, {.logits = Logits::kAll}).ok());
  const std::vector<float> want(whole->logits().begin(), whole->logits().end());
  whole.reset();
  Load({.num_layers = 4},
       {.threads = 1, .batch_tokens = 100, .joint = {.budget_tokens = 1000, .window = 64}});
  auto session = NewSession();
  const FeedOptions joint = {.attention = Attention::kJoint, .logits = Logits::kAll};
  ASSERT_TRUE(session->Feed(tokens, joint).ok());
  ExpectNear(session->logits(), want);
  // Whoever was read jointly has no votes.
  EXPECT_TRUE(session->SetMethod(MethodPreset("snapkv").value()).ok());
}

TEST_F(SessionTest, AShortQuestionAboutATextIsNoJointReading) {
  Load({.num_layers = 4},
       {.threads = 1, .batch_tokens = 100, .joint = {.budget_tokens = 16, .window = 64}});
  auto session = NewSession();
  ASSERT_TRUE(session->Feed(RandomTokens(200), {.logits = Logits::kNone}).ok());
  ASSERT_TRUE(session->Feed(RandomTokens(64), {.attention = Attention::kJoint}).ok());
  EXPECT_EQ(session->stats().joint_rows, 0);
  EXPECT_TRUE(session->SetMethod(MethodPreset("snapkv").value()).ok());
  ASSERT_TRUE(session->SetMethod(MethodPreset("dynsplit").value()).ok());
  ASSERT_TRUE(session->Feed(RandomTokens(65), {.attention = Attention::kJoint}).ok());
  EXPECT_EQ(session->stats().joint_rows, 65);
  EXPECT_FALSE(session->SetMethod(MethodPreset("snapkv").value()).ok());
}

TEST_F(SessionTest, JointReadingAttendsToLessAndTeachesDdSelect) {
  const std::vector<int32_t> tokens = RandomTokens(400);
  const auto logits = [&](Attention attention) {
    auto session = NewSession();
    EXPECT_TRUE(session->Feed(tokens, {.attention = attention}).ok());
    EXPECT_FALSE(session->Blocks()->empty());
    int64_t candidates = 0;
    for (const DelimiterImportance& one : session->Importance()) candidates += one.count;
    EXPECT_GT(candidates, 0);
    return std::vector<float>(session->logits().begin(), session->logits().end());
  };
  Load({.num_layers = 4},
       {.threads = 1, .batch_tokens = 100, .joint = {.budget_tokens = 16, .window = 64}});
  EXPECT_NE(logits(Attention::kJoint), logits(Attention::kDense));
}

// With all layers before the last dense, what is missing there is missing in the logits alone.
TEST_F(SessionTest, TheEndOfAJointReadingIsWhole) {
  const std::vector<int32_t> tokens = RandomTokens(400);
  EngineOptions options = {
      .threads = 1, .batch_tokens = 130, .joint = {.budget_tokens = 16, .window = 64}};
  options.dense_heads.emplace();
  for (int layer = 0; layer < 3; ++layer) {
    for (int head = 0; head < 2; ++head) options.dense_heads->push_back({layer, head});
  }
  Load({.num_layers = 4}, options);
  std::vector<int64_t> ends;
  const auto read = [&](Attention attention) {
    auto session = NewSession();
    ends.clear();
    const auto progress = [&](int64_t done, int64_t) { ends.push_back(done); };
    EXPECT_TRUE(session->Feed(tokens, {.attention = attention, .progress = progress}).ok());
    return std::vector<float>(session->logits().begin(), session->logits().end());
  };
  const std::vector<float> whole = read(Attention::kDense);
  EXPECT_EQ(ends, (std::vector<int64_t>{130, 260, 390, 400}));
  ExpectNear(read(Attention::kJoint), whole);
  EXPECT_EQ(ends, (std::vector<int64_t>{130, 260, 336, 400}));  // 64 rows of one pass
}

TEST_F(SessionTest, JointReadingCannotCountVotes) {
  auto session = NewSession(MethodPreset("h2o").value());
  const std::vector<int32_t> tokens = RandomTokens(10);
  const Status status = session->Feed(tokens, {.attention = Attention::kJoint});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("h2o"));
  EXPECT_TRUE(session->tokens().empty());
  ASSERT_TRUE(session->SetMethod(MethodPreset("dynsplit").value()).ok());
  ASSERT_TRUE(session->Feed(tokens, {.attention = Attention::kJoint}).ok());
  EXPECT_EQ(session->SetMethod(MethodPreset("h2o").value()).code(), StatusCode::kInvalidArgument);
}

TEST_F(SessionTest, FullBudgetEqualsFullAttentionForEveryPresetWithABudget) {
  const std::vector<int32_t> prompt = RandomTokens(300);
  const std::vector<int32_t> answer = RandomTokens(90, 5);
  auto full =
      NewSession(MethodPreset("h2o").value());  // read once, so that every preset may follow
  ASSERT_TRUE(full->Feed(prompt).ok());
  ASSERT_TRUE(full->SetMethod(MethodPreset("full").value()).ok());
  auto reference = full->Fork();
  const std::vector<float> want = Decode(reference.get(), answer);
  for (const char* name : {"fixed-mean", "quest", "sentence", "delimiter:comma", "random", "oracle",
                           "snapkv", "h2o", "dynsplit"}) {
    Method method = MethodPreset(name).value();
    method.budget = {.percent = 100};
    auto session = full->Fork();
    ASSERT_TRUE(session->SetMethod(method).ok());
    const std::vector<float> got = Decode(session.get(), answer);
    ExpectNear(got, want, 1e-4f);
    EXPECT_GT(session->stats().num_blocks, 1) << name;
  }
}

TEST_F(SessionTest, ASmallBudgetAttendsToLess) {
  Method method = MethodPreset("dynsplit").value();
  method.budget = {.tokens = 32};
  auto session = NewSession(method);
  ASSERT_TRUE(session->Feed(RandomTokens(400)).ok());
  EXPECT_EQ(session->stats().selected_rows, 0);
  Decode(session.get(), RandomTokens(10, 9));
  const SessionStats stats = session->stats();
  EXPECT_EQ(stats.tokens, 410);
  EXPECT_EQ(stats.selected_rows, 10);
  // Two of four layers are dense (about 405 tokens), two see sink, recent, what is not yet cut,
  // and the budget.
  EXPECT_LT(stats.attended_tokens_mean, 0.5 * 406 + 0.5 * (4 + 64 + 64 + 20 + 32));
  EXPECT_GT(stats.attended_tokens_mean, 0.5 * 405 + 0.5 * (4 + 64));
  EXPECT_GT(stats.index_bytes, 0);
  EXPECT_EQ(stats.kv_bytes_total, 7 * 64 * engine_->model().description().KvBytesPerToken());
  session->ResetStats();
  EXPECT_EQ(session->stats().selected_rows, 0);
}

TEST_F(SessionTest, AMethodThatNamesNoDenseHeadsHasThoseOfTheEngine) {
  const std::vector<LayerHead> heads = {{2, 1}};
  Load({.num_layers = 4}, {.threads = 1, .dense_heads = heads});
  auto session = NewSession(*ParseMethod("dynsplit"));
  EXPECT_EQ(session->method().dense_heads, heads);
  ASSERT_TRUE(session->SetMethod(*ParseMethod("quest")).ok());
  EXPECT_TRUE(session->method().dense_heads->empty());
  ASSERT_TRUE(session->SetMethod(*ParseMethod("quest+dense-heads=profile")).ok());
  EXPECT_EQ(session->method().dense_heads, heads);
}

TEST_F(SessionTest, AProfileWithoutDenseHeadsLeavesNoLayerDense) {
  Load({.num_layers = 4}, {.threads = 1, .dense_heads = std::vector<LayerHead>()});
  EXPECT_EQ(NewSession(*ParseMethod("dynsplit"))->method().dense_layers, 0);
  EXPECT_EQ(NewSession(*ParseMethod("quest"))->method().dense_layers, 2);
}

TEST_F(SessionTest, DenseHeadsMustBeOnesOfTheModel) {
  const ModelDescription& model = engine_->model().description();
  auto session = NewSession();
  for (const LayerHead head : {LayerHead{model.num_layers, 0}, LayerHead{0, model.num_kv_heads}}) {
    Method method;
    method.dense_heads = {head};
    const Status status = session->SetMethod(method);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("dense-heads"));
    EXPECT_EQ(engine_->NewSession(method).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(engine_->CheckMethod(method).code(), StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(session->method().dense_heads.has_value());
}

TEST_F(SessionTest, EvictionStaysWithinItsBudget) {
  for (const char* name : {"snapkv", "h2o"}) {
    Method method = MethodPreset(name).value();
    method.budget = {.tokens = 32};
    method.dense_layers = 0;
    auto session = NewSession(method);
    ASSERT_TRUE(session->Feed(RandomTokens(400)).ok());
    Decode(session.get(), RandomTokens(90, 9));
    EXPECT_EQ(session->stats().attended_tokens_mean, 4 + 32 + 64) << name;
  }
}

TEST_F(SessionTest, VotesOfAllQueriesMustBeCountedFromTheFirst) {
  const Method h2o = MethodPreset("h2o").value();
  auto session = NewSession(MethodPreset("full").value());
  ASSERT_TRUE(session->SetMethod(h2o).ok());  // nothing was read yet
  ASSERT_TRUE(session->Feed(RandomTokens(100)).ok());
  ASSERT_TRUE(session->SetMethod(MethodPreset("snapkv").value()).ok());
  ASSERT_TRUE(session->SetMethod(h2o).ok());
  ASSERT_TRUE(session->SetMethod(MethodPreset("full").value()).ok());
  ASSERT_TRUE(session->Feed(RandomTokens(10)).ok());
  const Status status = session->SetMethod(h2o);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("h2o"));
  EXPECT_EQ(session->method().name, "full");
}

TEST_F(SessionTest, CountingVotesChangesNoLogits) {
  const std::vector<int32_t> tokens = RandomTokens(150);
  auto plain = NewSession(), counting = NewSession(MethodPreset("h2o").value());
  for (const auto part : {std::span(tokens).first(100), std::span(tokens).subspan(100)}) {
    // In turn, so that graphs of the same shape with and without the votes stand side by side.
    ASSERT_TRUE(plain->Feed(part).ok());
    ASSERT_TRUE(counting->Feed(part).ok());
  }
  ExpectNear(counting->logits(), plain->logits(), 0);
}

TEST_F(SessionTest, ARestrictedQuestionInOnePieceEqualsTokenByToken) {
  Method method = MethodPreset("dynsplit").value();
  method.budget = {.tokens = 48};
  method.reuse = 1;  // a step alone may look at less
  auto session = NewSession(method);
  ASSERT_TRUE(session->Feed(RandomTokens(350)).ok());
  auto fork = session->Fork();
  const std::vector<int32_t> question = RandomTokens(20, 3);
  ASSERT_TRUE(
      session->Feed(question, {.attention = Attention::kSelected, .logits = Logits::kAll}).ok());
  ExpectNear(session->logits(), Decode(fork.get(), question));
}

std::vector<HeadChoice> AllHeads(const BlockChoices& choices) {
  std::vector<HeadChoice> all;
  for (const auto& layer : choices.layers) all.insert(all.end(), layer.begin(), layer.end());
  return all;
}

// The tokens that a head's choice accounts for: sink, blocks, and what lies behind all blocks.
int64_t CountAttended(const HeadChoice& choice, std::span<const Block> blocks, int64_t tokens) {
  int64_t count = blocks.front().length + tokens - blocks.back().end();
  int32_t last = 0;
  for (const ChosenBlock& chosen : choice.blocks) {
    EXPECT_GT(chosen.block, last);  // ascending, never the sink
    last = chosen.block;
    EXPECT_GE(chosen.tokens, 1);
    EXPECT_LE(chosen.tokens, blocks[static_cast<size_t>(chosen.block)].length);
    count += chosen.tokens;
  }
  EXPECT_LT(last, static_cast<int32_t>(blocks.size()));
  return count;
}

TEST_F(SessionTest, ChoicesAccountForEveryTokenAttendedTo) {
  for (const char* spec : {"dynsplit", "dynsplit+pick=blocks", "quest", "sentence", "random"}) {
    auto session = NewSession(*ParseMethod(std::string(spec) + "+budget=40"));
    ASSERT_TRUE(session->Feed(RandomTokens(300)).ok());
    EXPECT_EQ(session->choices(), nullptr);
    for (const int32_t token : {7, 8, 9}) {  // the later ones reuse blocks
      session->ResetStats();
      const BatchItem item{.session = session.get(),
                           .tokens = {&token, 1},
                           .attention = Attention::kSelected,
                           .choices = true};
      ASSERT_TRUE(engine_->Run({&item, 1}).ok()) << spec;
      ASSERT_NE(session->choices(), nullptr) << spec;
      const auto tokens = static_cast<int64_t>(session->tokens().size());
      double attended = 0;
      int num_heads = 0, num_dense = 0;
      for (const HeadChoice& choice : AllHeads(*session->choices())) {
        attended += static_cast<double>(choice.attended_tokens);
        ++num_heads;
        num_dense += choice.all ? 1 : 0;
        EXPECT_EQ(choice.attended_tokens,
                  choice.all ? tokens : CountAttended(choice, session->finished_blocks(), tokens))
            << spec;
      }
      EXPECT_NEAR(attended / num_heads, session->stats().attended_tokens_mean, 1e-9) << spec;
      EXPECT_EQ(num_dense, num_heads / 2) << spec;  // two of four layers
    }
  }
}

TEST_F(SessionTest, ChoicesOfATextTooShortForBlocks) {
  auto session = NewSession(*ParseMethod("dynsplit+dense-layers=0"));
  ASSERT_TRUE(session->Feed(RandomTokens(20)).ok());
  const int32_t token = 7;
  const BatchItem item{.session = session.get(),
                       .tokens = {&token, 1},
                       .attention = Attention::kSelected,
                       .choices = true};
  ASSERT_TRUE(engine_->Run({&item, 1}).ok());
  for (const HeadChoice& choice : AllHeads(*session->choices())) {
    EXPECT_FALSE(choice.all);
    EXPECT_EQ(choice.attended_tokens, 21);
    EXPECT_TRUE(choice.blocks.empty());
  }
}

TEST_F(SessionTest, ChoicesAreToldWhereTheyAreAskedForAndChangeNothing) {
  auto session = NewSession(*ParseMethod("dynsplit+budget=40"));
  ASSERT_TRUE(session->Feed(RandomTokens(300)).ok());
  auto twin = session->Fork();
  const int32_t token = 7;
  BatchItem item{.session = session.get(),
                 .tokens = {&token, 1},
                 .attention = Attention::kSelected,
                 .choices = true};
  ASSERT_TRUE(engine_->Run({&item, 1}).ok());
  EXPECT_NE(session->choices(), nullptr);
  ASSERT_TRUE(twin->Feed({&token, 1}, {.attention = Attention::kSelected}).ok());
  EXPECT_EQ(twin->choices(), nullptr);
  ExpectNear(session->logits(), {twin->logits().begin(), twin->logits().end()}, 0);
  item.choices = false;
  ASSERT_TRUE(engine_->Run({&item, 1}).ok());
  EXPECT_EQ(session->choices(), nullptr);
}

TEST_F(SessionTest, WhatIsReadDenselyAttendsToAll) {
  auto session = NewSession();
  const std::vector<int32_t> tokens = RandomTokens(50);
  const BatchItem item{.session = session.get(), .tokens = tokens, .choices = true};
  ASSERT_TRUE(engine_->Run({&item, 1}).ok());
  ASSERT_NE(session->choices(), nullptr);
  for (const HeadChoice& choice : AllHeads(*session->choices())) {
    EXPECT_TRUE(choice.all);
    EXPECT_EQ(choice.attended_tokens, 50);
    EXPECT_TRUE(choice.blocks.empty());
  }
  EXPECT_TRUE(session->finished_blocks().empty());
}

TEST_F(SessionTest, ForksAreIndependent) {
  const std::vector<int32_t> prompt = RandomTokens(130);
  auto first = NewSession();
  ASSERT_TRUE(first->Feed(prompt).ok());
  auto second = first->Fork();
  const std::vector<int32_t> a = RandomTokens(80, 21), b = RandomTokens(80, 22);
  const std::vector<float> logits_b = Decode(second.get(), b);
  const std::vector<float> logits_a = Decode(first.get(), a);
  auto fresh = NewSession();
  ASSERT_TRUE(fresh->Feed(prompt).ok());
  ExpectNear(Decode(fresh.get(), a), logits_a, 1e-5f);
  second.reset();
  EXPECT_EQ(first->tokens().size(), 210u);
}

TEST_F(SessionTest, APrefixGoesOnAsIfTheRestHadNeverBeenRead) {
  const std::vector<int32_t> first = RandomTokens(400);
  std::vector<int32_t> second(first.begin(), first.begin() + 300);
  const std::vector<int32_t> question = RandomTokens(70, 9);
  second.insert(second.end(), question.begin(), question.end());
  auto session = NewSession(), fresh = NewSession();
  ASSERT_TRUE(session->Feed(first).ok());
  ASSERT_TRUE(session->Blocks().ok());
  ASSERT_TRUE(fresh->Feed(second).ok());
  auto fork = session->ForkPrefix(300);
  ASSERT_TRUE(fork);
  const size_t kept = fork->tokens().size();
  EXPECT_LT(kept, 300u);
  EXPECT_GE(kept, 250u);
  EXPECT_TRUE(fork->logits().empty());
  ASSERT_TRUE(fork->Feed(std::span(second).subspan(kept)).ok());
  ExpectNear(fork->logits(), fresh->logits(), 1e-4f);
  const auto got = fork->Importance(), want = fresh->Importance();
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(got[i].count, want[i].count);
    EXPECT_NEAR(got[i].weight, want[i].weight, 1e-2);
  }
  // Also what the last queries vote for.
  for (const char* name : {"dynsplit", "snapkv"}) {
    ASSERT_TRUE(fork->SetMethod(MethodPreset(name).value()).ok());
    ASSERT_TRUE(fresh->SetMethod(MethodPreset(name).value()).ok());
    auto a = fork->Fork(), b = fresh->Fork();
    ExpectNear(Decode(a.get(), std::span(first).first(3)),
               Decode(b.get(), std::span(first).first(3)));
  }
  EXPECT_EQ(session->tokens().size(), 400u);
}

TEST_F(SessionTest, APrefixNeedsTextThatWasReadDensely) {
  auto session = NewSession();
  ASSERT_TRUE(session->Feed(RandomTokens(30)).ok());
  EXPECT_FALSE(session->ForkPrefix(30));
  auto votes = NewSession(MethodPreset("h2o").value());
  ASSERT_TRUE(votes->Feed(RandomTokens(200)).ok());
  EXPECT_FALSE(votes->ForkPrefix(200));
  session.reset();  // sessions do not outlive their engine
  votes.reset();
  Load({.num_layers = 4}, {.threads = 1, .kv_types = {.hot = KvType::kF16, .cold = KvType::kQ8}});
  session = NewSession();
  ASSERT_TRUE(session->Feed(RandomTokens(400)).ok());
  EXPECT_FALSE(session->ForkPrefix(300));
}

TEST_F(SessionTest, RefusesATextLongerThanTheContextWhole) {
  auto session = NewSession();
  const Status status = session->Feed(RandomTokens(513));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("513"));
  EXPECT_THAT(status.message(), HasSubstr("512"));
  EXPECT_TRUE(session->tokens().empty());
}

TEST_F(SessionTest, CancelKeepsThePassesThatWereFinished) {
  Load({.num_layers = 2}, {.threads = 1, .batch_tokens = 32});
  auto session = NewSession();
  std::atomic<bool> cancel{false};
  const Status status = session->Feed(
      RandomTokens(200),
      {.progress = [&](int64_t done, int64_t) { cancel = done >= 64; }, .cancel = &cancel});
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_EQ(session->tokens().size(), 64u);
  EXPECT_TRUE(session->Feed(RandomTokens(10)).ok());
}

TEST_F(SessionTest, AForkAfterACancelSharesNothingThatIsWritten) {
  const std::vector<int32_t> prompt = RandomTokens(100);
  auto first = NewSession();
  ASSERT_TRUE(first->Feed(prompt).ok());
  const std::atomic<bool> cancel{true};
  const std::vector<int32_t> given_up = RandomTokens(200, 30);
  const BatchItem item{.session = first.get(), .tokens = given_up};
  ASSERT_EQ(engine_->Run({&item, 1}, &cancel).code(), StatusCode::kCancelled);
  auto second = first->Fork();
  const std::vector<int32_t> a = RandomTokens(200, 31), b = RandomTokens(200, 32);
  ASSERT_TRUE(first->Feed(a).ok());
  ASSERT_TRUE(second->Feed(b).ok());
  const std::vector<int32_t> next = {7};
  ASSERT_TRUE(first->Feed(next).ok());
  auto fresh = NewSession();
  ASSERT_TRUE(fresh->Feed(prompt).ok() && fresh->Feed(a).ok() && fresh->Feed(next).ok());
  ExpectNear(first->logits(), fresh->logits(), 1e-5f);
}

TEST_F(SessionTest, ImportanceIsThatOfTheWholeTextSoFar) {
  const std::vector<int32_t> tokens = RandomTokens(400);
  auto session = NewSession();
  ASSERT_TRUE(session->Feed(std::span(tokens).first(30)).ok());
  session->Importance();
  ASSERT_TRUE(session->Blocks().ok());
  ASSERT_TRUE(session->Feed(std::span(tokens).subspan(30)).ok());
  auto whole = NewSession();
  ASSERT_TRUE(whole->Feed(tokens).ok());
  const auto got = session->Importance(), want = whole->Importance();
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(got[i].count, want[i].count);
    EXPECT_NEAR(got[i].weight, want[i].weight, 1e-2);
  }
}

TEST_F(SessionTest, RefusesIdsOutOfRangeWhole) {
  Load({.num_layers = 2}, {.threads = 1, .batch_tokens = 16});
  auto session = NewSession();
  std::vector<int32_t> tokens = RandomTokens(40);
  tokens[30] = 1 << 20;
  EXPECT_EQ(session->Feed(tokens).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(session->tokens().empty());
  EXPECT_TRUE(session->Feed({}).ok());
}

TEST_F(SessionTest, BlocksPartitionTheTextUnderEachMethod) {
  auto session = NewSession();
  const auto tokens = engine_->model().tokenizer().Encode(
      "The first one, here. And then the other!\n\nIn the end, all of it; nothing is left.\n"
      "def f(x):\n    return x + 1\n\nThe number is 3.14, or so they say. ");
  ASSERT_TRUE(tokens.ok());
  ASSERT_TRUE(session->Feed(*tokens).ok());
  for (const char* name : {"dynsplit", "quest", "sentence", "delimiter:paragraph"}) {
    ASSERT_TRUE(session->SetMethod(MethodPreset(name).value()).ok());
    int32_t end = 0;
    const std::vector<Block> blocks = session->Blocks().value();
    for (const Block& block : blocks) {
      EXPECT_EQ(block.start, end);
      end = block.end();
    }
    EXPECT_EQ(end, static_cast<int32_t>(tokens->size())) << name;
  }
  int64_t delimiters = 0;
  for (const DelimiterImportance& one : session->Importance()) {
    if (one.delimiter == DelimiterClass::kSentence) delimiters = one.count;
  }
  EXPECT_GT(delimiters, 0);
}

}  // namespace
}  // namespace dynsplit::testing
