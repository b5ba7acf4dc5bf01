#include "engine/op_times.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "engine_fixture.h"
#include "ggml.h"
#include "model/graph_builder.h"

namespace dynsplit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::map<std::string, int64_t> CallsOf(const OpReport& report) {
  std::map<std::string, int64_t> calls;
  for (const OpTime& op : report.ops) calls[op.op] = op.calls;
  return calls;
}

const OpTime* FindOp(const OpReport& report, const std::string& name) {
  const auto it = std::find_if(report.ops.begin(), report.ops.end(),
                               [&](const OpTime& op) { return op.op == name; });
  return it == report.ops.end() ? nullptr : &*it;
}

class EngineOpTimesTest : public EngineTest {
 protected:
  void SetUp() override { Load({.num_layers = 4}, {.threads = 1, .batch_tokens = 64}); }
};

TEST_F(EngineOpTimesTest, EveryOpOfEveryPassOnce) {
  OpTimes times(engine_->threads());
  auto session = NewSession();
  TimeOps(engine_.get(), &times);
  ASSERT_TRUE(session->Feed(RandomTokens(100)).ok());  // two passes
  TimeOps(engine_.get(), nullptr);
  ASSERT_TRUE(session->Feed(RandomTokens(10)).ok());
  const OpReport report = times.Report();
  EXPECT_EQ(report.passes, 2);
  auto calls = CallsOf(report);
  // Seven products a layer, and the logits.
  EXPECT_EQ(calls["mul_mat"], 2 * (4 * 7 + 1));
  EXPECT_EQ(calls["rope"], 2 * 4 * 2);
  EXPECT_EQ(calls["rms_norm"], 2 * (4 * 2 + 1));
  for (const char* step : {"append", "select", "attend"}) EXPECT_EQ(calls[step], 2 * 4);
  EXPECT_EQ(calls["observe"], 2 * 2);  // layers 1 and 2 of four
  EXPECT_EQ(calls.count("unknown"), 0u);
  EXPECT_EQ(calls.count("reshape"), 0u);
}

TEST_F(EngineOpTimesTest, OpsAndLayersAddUpToTheWhole) {
  Load({.num_layers = 4}, {.threads = 2});
  OpTimes times(engine_->threads());
  auto session = NewSession(ParseMethod("dynsplit+budget=16").value());
  ASSERT_TRUE(session->Feed(RandomTokens(300)).ok());
  TimeOps(engine_.get(), &times);
  ASSERT_TRUE(session->Feed(RandomTokens(5), {.attention = Attention::kSelected}).ok());
  const OpReport report = times.Report();
  double ops = 0;
  for (const OpTime& op : report.ops) ops += op.seconds;
  EXPECT_NEAR(ops, report.seconds, 1e-9);
  std::vector<std::string> names;
  double layers = 0, steps = 0, select = 0;
  for (const LayerTime& layer : report.layers) {
    names.push_back(layer.layer);
    layers += layer.seconds;
    steps += std::accumulate(layer.steps.begin(), layer.steps.end(), 0.0);
    select += layer.steps[static_cast<size_t>(AttentionStep::kSelect)];
    EXPECT_GT(layer.seconds, 0);
  }
  EXPECT_THAT(names, ElementsAre("embedding", "0", "1", "2", "3", "output"));
  EXPECT_NEAR(layers, report.seconds, 1e-9);
  EXPECT_GT(select, 0);
  EXPECT_LT(steps, layers);
  const OpTime* op = FindOp(report, "select");
  ASSERT_NE(op, nullptr);
  EXPECT_NEAR(op->seconds, select, 1e-9);
  // Of our own steps alone, how long they worked.
  ASSERT_TRUE(op->busy_seconds.has_value());
  EXPECT_GT(*op->busy_seconds, 0);
  EXPECT_LE(*op->busy_seconds, op->seconds + 1e-9);
  EXPECT_FALSE(FindOp(report, "mul_mat")->busy_seconds.has_value());
  times.Clear();
  EXPECT_EQ(times.Report().passes, 0);
  EXPECT_TRUE(times.Report().ops.empty());
}

TEST_F(EngineOpTimesTest, ChangesNothingAndLeavesOutACancelledPass) {
  auto plain = NewSession();
  ASSERT_TRUE(plain->Feed(RandomTokens(50)).ok());
  OpTimes times(engine_->threads());
  TimeOps(engine_.get(), &times);
  auto timed = NewSession();
  ASSERT_TRUE(timed->Feed(RandomTokens(50)).ok());
  EXPECT_TRUE(std::equal(plain->logits().begin(), plain->logits().end(), timed->logits().begin(),
                         timed->logits().end()));
  const std::atomic<bool> cancel{true};
  const std::vector<int32_t> more = RandomTokens(5);
  const BatchItem item = {.session = timed.get(), .tokens = more};
  EXPECT_EQ(engine_->Run({&item, 1}, &cancel).code(), StatusCode::kCancelled);
  EXPECT_EQ(times.Report().passes, 1);
}

// A norm with its product, a view, a product: which of them ggml calls back after is found by
// counting.
class CallbacksTest : public ::testing::Test {
 protected:
  CallbacksTest() : context_(ggml_init({1 << 20, nullptr, /*no_alloc=*/true})) {
    ggml_tensor* x = ggml_new_tensor_2d(context_, GGML_TYPE_F32, 4, 4);
    ggml_tensor* weight = ggml_new_tensor_1d(context_, GGML_TYPE_F32, 4);
    ggml_tensor* norm = ggml_mul(context_, ggml_rms_norm(context_, x, 1e-5f), weight);
    ggml_set_name(norm, kSectionEnd);
    ggml_tensor* out = ggml_mul_mat(context_, x, ggml_reshape_2d(context_, norm, 4, 4));
    graph_ = ggml_new_graph(context_);
    ggml_build_forward_expand(graph_, out);
  }
  ~CallbacksTest() override { ggml_free(context_); }

  OpReport After(int callbacks) {
    OpTimes times(1);
    times.BeginPass(graph_);
    for (int i = 0; i < callbacks; ++i) times.NodeDone();
    times.EndPass();
    return times.Report();
  }

  ggml_context* context_;
  ggml_cgraph* graph_;
};

TEST_F(CallbacksTest, AreToldApartByTheirNumber) {
  EXPECT_THAT(CallsOf(After(2)), UnorderedElementsAre(Pair("rms_norm", 1), Pair("mul_mat", 1)));
  EXPECT_THAT(CallsOf(After(3)),
              UnorderedElementsAre(Pair("rms_norm", 1), Pair("mul", 1), Pair("mul_mat", 1)));
  EXPECT_THAT(CallsOf(After(4)), UnorderedElementsAre(Pair("rms_norm", 1), Pair("mul", 1),
                                                      Pair("reshape", 1), Pair("mul_mat", 1)));
}

TEST_F(CallbacksTest, AreUnknownWhereNothingExplainsThem) {
  const OpReport report = After(5);
  EXPECT_THAT(CallsOf(report), UnorderedElementsAre(Pair("unknown", 5)));
  EXPECT_NEAR(report.ops[0].seconds, report.seconds, 1e-9);
}

TEST_F(CallbacksTest, EndASectionWithTheNodeOfThatName) {
  const OpReport report = After(2);
  ASSERT_EQ(report.layers.size(), 2u);
  EXPECT_EQ(report.layers[0].layer, "embedding");
  EXPECT_EQ(report.layers[1].layer, "output");
  EXPECT_NEAR(report.layers[1].seconds, FindOp(report, "mul_mat")->seconds, 1e-9);
}

}  // namespace
}  // namespace dynsplit::testing
