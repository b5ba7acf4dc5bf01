// The cache and its attention where layers differ: windows, KV heads of their own, values that are
// not as wide as keys, a soft-cap and a scale.
#include <gtest/gtest.h>

#include "base/memory_file.h"
#include "cache/cache_fixture.h"
#include "cache/joint_selector.h"

namespace dynsplit {
namespace {

constexpr double kTolerance = 4e-3;  // keys and values are rounded to f16
constexpr int kWorkers = 2;

// Global: layers 2, 4 and 5.
const CacheShape kShape{.num_layers = 6,
                        .num_heads = 6,
                        .kv_heads = 3,
                        .head_dim = 16,
                        .value_dim = 32,
                        .score_scale = 0.4f,
                        .score_cap = 1.5f,
                        .layers = {{.kv_heads = 1, .window = 100},
                                   {.kv_heads = 3, .window = 1},
                                   {.kv_heads = 2},
                                   {.kv_heads = 3, .window = 70},
                                   {.kv_heads = 1},
                                   {.kv_heads = 3}}};

CacheShape AllWindowed() {
  CacheShape shape = kShape;
  for (LayerShape& layer : shape.layers) layer.window = 70;
  return shape;
}

using Outputs = std::vector<std::vector<float>>;

std::vector<int64_t> SeenBy(int layer, int64_t position) {
  std::vector<int64_t> tokens;
  for (int64_t t = kShape.FirstSeen(layer, position); t <= position; ++t) tokens.push_back(t);
  return tokens;
}

int64_t NumSeen(int64_t position) {  // over layers and KV heads
  int64_t seen = 0;
  for (int layer = 0; layer < kShape.num_layers; ++layer) {
    seen += kShape.KvHeads(layer) * static_cast<int64_t>(SeenBy(layer, position).size());
  }
  return seen;
}

TEST(CacheShapeTest, KnowsItsGlobalLayers) {
  EXPECT_EQ(kShape.GlobalLayers(), (std::vector<int>{2, 4, 5}));
  EXPECT_EQ(kShape.NumGlobal(), 3);
  EXPECT_EQ(kShape.GlobalIdx(4), 1);
  EXPECT_EQ(kShape.TotalKvHeads(), 13);
  EXPECT_EQ(kShape.MostGroupHeads(), 6);
  EXPECT_EQ(kShape.FirstSeen(0, 99), 0);
  EXPECT_EQ(kShape.FirstSeen(0, 100), 1);
  EXPECT_EQ(kShape.FirstSeen(1, 5), 5);
  EXPECT_EQ(kShape.FirstSeen(2, 1000), 0);
  EXPECT_EQ(SampledLayers(kShape), (std::vector<int>{4, 5}));
  EXPECT_EQ(SampledHeads(kShape).size(), 4u);
  EXPECT_TRUE(SampledLayers(AllWindowed()).empty());
  EXPECT_EQ(kTestShape.NumGlobal(), 6);
  EXPECT_EQ(kTestShape.GlobalIdx(4), 4);
  EXPECT_EQ(SampledLayers(kTestShape), (std::vector<int>{2, 3, 4}));
}

class LayerShapesTest : public ::testing::Test {
 protected:
  static TestSequence Sequence(PagePool* pool, const std::string& spec,
                               const CacheShape& shape = kShape) {
    return {pool, ParseMethod(spec).value(), 1, {}, shape};
  }
  Outputs Run(TestSequence* sequence, int rows, Attention attention) {
    return RunPass(&batch_, {{sequence, rows, attention}}, kWorkers);
  }

  void ExpectRow(const TestSequence& sequence, const Outputs& outputs, int layer, int row,
                 int64_t position) {
    const auto want = PlainAttention(sequence, layer, position, SeenBy(layer, position));
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_NEAR(outputs[layer][static_cast<size_t>(row) * want.size() + i], want[i], kTolerance)
          << "layer " << layer << " row " << row << " element " << i;
    }
  }
  void ExpectRows(const TestSequence& sequence, const Outputs& outputs,
                  std::initializer_list<int> rows, int64_t first) {
    for (int layer = 0; layer < kShape.num_layers; ++layer) {
      for (const int row : rows) ExpectRow(sequence, outputs, layer, row, first + row);
    }
  }

  // Most pages of keys that a KV head of the layer holds.
  static int64_t MostPages(const SemanticCache& cache, int layer) {
    int64_t most = 0;
    for (int head = 0; head < kShape.KvHeads(layer); ++head) {
      const auto& keys = cache.pages().row(layer, head).keys;
      const auto held =
          std::ranges::count_if(keys, [](const PageRef& page) { return page.get() != nullptr; });
      most = std::max<int64_t>(most, held);
    }
    return most;
  }

  MemoryFile::Faults faults_;
  PagePool pool_{kShape.PageWidth()};
  AttentionBatch batch_{kShape, kWorkers};
};

TEST_F(LayerShapesTest, EveryRowSeesItsWindow) {
  TestSequence sequence = Sequence(&pool_, "full");
  ExpectRows(sequence, Run(&sequence, 150, Attention::kDense), {0, 1, 64, 99, 100, 149}, 0);
  ExpectRows(sequence, Run(&sequence, 300, Attention::kDense), {0, 63, 70, 299}, 150);
  ExpectRows(sequence, Run(&sequence, 1, Attention::kDense), {0}, 450);
  ExpectRows(sequence, Run(&sequence, 1, Attention::kSelected), {0}, 451);
  EXPECT_EQ(batch_.AttendedTokens(0), NumSeen(451));
  ExpectRows(sequence, Run(&sequence, 5, Attention::kSelected), {0, 4}, 452);
}

TEST_F(LayerShapesTest, ABudgetOfEverythingEqualsFullUnderEveryMethod) {
  for (const char* name :
       {"fixed-mean", "quest", "sentence", "delimiter:newline", "random", "oracle", "snapkv", "h2o",
        "dynsplit", "dynsplit+reuse=4+cosine=-0.1", "dynsplit+pick=blocks"}) {
    SCOPED_TRACE(name);
    TestSequence sequence = Sequence(&pool_, std::string(name) + "+budget=100000");
    Run(&sequence, 333, Attention::kDense);
    ExpectRows(sequence, Run(&sequence, 5, Attention::kSelected), {0, 4}, 333);
    EXPECT_EQ(batch_.AttendedTokens(0),
              NumSeen(333) + NumSeen(334) + NumSeen(335) + NumSeen(336) + NumSeen(337));
    ExpectRows(sequence, Run(&sequence, 1, Attention::kSelected), {0}, 338);
  }
}

// However little the others may attend to.
TEST_F(LayerShapesTest, LayersWithAWindowDoNotSelect) {
  for (const char* spec : {"dynsplit", "snapkv", "h2o", "quest", "recent", "oracle"}) {
    SCOPED_TRACE(spec);
    TestSequence sequence =
        Sequence(&pool_, std::string(spec) + "+budget=20+recent=16+sink=4+dense-layers=0");
    Run(&sequence, 400, Attention::kDense);
    const Outputs outputs = Run(&sequence, 1, Attention::kSelected);
    for (const int layer : {0, 1, 3}) ExpectRow(sequence, outputs, layer, 0, 400);
    const int64_t windows = 1 * 100 + 3 * 1 + 3 * 70, selecting_heads = 6;
    EXPECT_GE(batch_.AttendedTokens(0), windows + selecting_heads * (4 + 16));
    // What has left `recent` and is in no block yet counts besides.
    EXPECT_LE(batch_.AttendedTokens(0), windows + selecting_heads * (4 + 16 + 20 + 64));
  }
}

TEST_F(LayerShapesTest, JointBudgetsAreByTheLayersAfterGlobalOnes) {
  TestSequence sequence = Sequence(&pool_, "dynsplit");
  sequence.cache = SemanticCache(kShape, Method(), &pool_, TestDelimiters(),
                                 {.threads = 2, .joint = {{64, 64}, {}}});
  Run(&sequence, 700, Attention::kDense);
  ASSERT_TRUE(sequence.cache.Begin(TestTokens(700, 64), Attention::kJoint).ok());
  JointSelector selector(kShape, 1);
  const Span span = {.cache = &sequence.cache, .rows = 64, .attention = Attention::kJoint};
  selector.Begin({&span, 1});
  const std::pair<int, int> runs_of[] = {{2, 18}, {4, 6}, {5, 0}};  // 3 + 1 + 0 layers after them
  for (const auto& [layer, runs] : runs_of) {
    const auto queries = sequence.queries.Rows(layer, 700, 64, kShape.num_heads);
    int64_t tokens = 0;
    for (const TokenRange& range :
         selector.Choose({&span, 0, 64, {layer, 0}}, queries.data(), {}).earlier) {
      tokens += range.end - range.start;
    }
    EXPECT_EQ(tokens, (runs + 1) * kRunTokens) << layer;
  }
}

TEST_F(LayerShapesTest, ASelectedPrefillSelectsInGlobalLayers) {
  TestSequence sequence = Sequence(&pool_, "dynsplit");
  const auto read = [&](int budget) {
    sequence.cache = SemanticCache(kShape, Method(), &pool_, TestDelimiters(),
                                   {.threads = 2, .joint = {{budget, 64}, {}}});
    Run(&sequence, 400, Attention::kJoint);
    return Run(&sequence, 70, Attention::kJoint);
  };
  ExpectRows(sequence, read(10000), {0, 69}, 400);
  sequence.cache = SemanticCache(kShape, Method(), &pool_, TestDelimiters(), {.threads = 2});
  const Outputs little = read(32);
  for (const int layer : {0, 1, 3}) ExpectRow(sequence, little, layer, 69, 469);
  const auto want = PlainAttention(sequence, 5, 469, AllTokens(470));
  double error = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error = std::max(error, std::abs(little[5][69 * want.size() + i] - want[i]));
  }
  EXPECT_GT(error, kTolerance);  // it did choose
}

// Prefill chunks longer than the windows, single tokens, and forks; what is in memory is what the
// table holds.
TEST_F(LayerShapesTest, WindowsNeverHoldMoreThanTheyShow) {
  const auto pages = [](int64_t tokens) { return (tokens + kPageTokens - 1) / kPageTokens; };
  TestSequence sequence = Sequence(&pool_, "dynsplit+budget=40");
  for (const int rows : {30, 200, 1, 512, 1, 1, 65, 640, 1}) {
    const auto attention = rows == 1 ? Attention::kSelected : Attention::kDense;
    ASSERT_TRUE(sequence.cache.Begin(TestTokens(sequence.cache.size(), rows), attention).ok());
    for (int layer = 0; layer < kShape.num_layers; ++layer) {
      if (kShape.IsGlobal(layer)) continue;
      EXPECT_LE(MostPages(sequence.cache, layer), pages(kShape.Window(layer) - 1 + rows) + 1);
    }
    Run(&sequence, rows, attention);
    for (int layer = 0; layer < kShape.num_layers; ++layer) {
      const int64_t size = sequence.cache.size();
      const int64_t held = MostPages(sequence.cache, layer);
      if (kShape.IsGlobal(layer)) {
        EXPECT_EQ(held, pages(size));
      } else {
        EXPECT_LE(held, pages(kShape.Window(layer)) + 1) << layer << ", " << size;
        EXPECT_EQ(held, pages(size) - kShape.FirstSeen(layer, size) / kPageTokens);
      }
    }
    EXPECT_EQ(pool_.used_bytes(), sequence.cache.pages().bytes());
  }
  // Three of six layers, with 6 of 13 heads: the rest is windows.
  EXPECT_LT(sequence.cache.pages().bytes(), 2 * pool_.page_bytes() * (6 * 23 + 7 * 3));
}

TEST_F(LayerShapesTest, ForksGoOnAlike) {
  TestSequence sequence = Sequence(&pool_, "dynsplit+budget=40");
  Run(&sequence, 300, Attention::kDense);
  TestSequence fork = sequence, other = sequence;
  Run(&other, 500, Attention::kDense);  // gives back what the first ones still see
  EXPECT_EQ(Run(&sequence, 9, Attention::kSelected), Run(&fork, 9, Attention::kSelected));
  ExpectRows(sequence, Run(&sequence, 100, Attention::kDense), {0, 99}, 309);
}

// With few pages in memory, in every type: the same to the bit.
TEST_F(LayerShapesTest, PagedAndEncodedPagesAttendAlike) {
  const auto answer = [&](PagePool* pool, const std::string& spec, Attention reading) {
    TestSequence sequence = Sequence(pool, spec);
    std::vector<Outputs> outputs;
    for (const int rows : {300, 200, 1}) outputs.push_back(Run(&sequence, rows, reading));
    for (const int rows : {5, 1, 1}) {
      outputs.push_back(Run(&sequence, rows, Attention::kSelected));
    }
    EXPECT_TRUE(batch_.status().ok()) << batch_.status().ToString();
    return outputs;
  };
  for (const KvTypes types :
       {KvTypes{}, KvTypes{KvType::kQ8, KvType::kQ8}, KvTypes{KvType::kF16, KvType::kQ8},
        KvTypes{KvType::kQ8, KvType::kQ4}}) {
    for (const char* spec : {"dynsplit+scatter=0.5", "snapkv", "h2o", "oracle"}) {
      SCOPED_TRACE(std::string(spec) + ", " + NameOf(types.hot) + ", " + NameOf(types.cold));
      const bool votes = std::string(spec) == "snapkv" || std::string(spec) == "h2o";
      const Attention reading = votes ? Attention::kDense : Attention::kJoint;
      const std::string method = std::string(spec) + "+budget=40+recent=16";
      const auto memory = [&](KvType type) {
        return TierMemory{72 * PageBytes(type, kShape.PageWidth()),
                          std::make_unique<MemoryFile>(&faults_)};
      };
      PagePool whole(kShape.PageWidth(), types, {}, {});
      PagePool paged(kShape.PageWidth(), types, memory(types.hot), memory(types.cold));
      const int64_t reads = faults_.reads;
      EXPECT_EQ(answer(&paged, method, reading), answer(&whole, method, reading));
      EXPECT_GT(faults_.reads, reads);
      EXPECT_EQ(paged.used_bytes(), 0u);
    }
  }
}

class SavedLayerShapesTest : public LayerShapesTest, public ::testing::WithParamInterface<KvTypes> {
 protected:
  Status Save(const TestSequence& sequence) {
    file_->content().clear();
    ArchiveWriter archive(file_.get());
    return sequence.cache.Save(&archive);
  }
  Status Load(TestSequence* sequence, bool later) {
    ArchiveReader archive(file_.get(), file_->content().size(), "s");
    return sequence->cache.Load(1 << 20, &archive, later ? file_ : nullptr);
  }
  TierMemory Memory(KvType type) {
    return {72 * PageBytes(type, kShape.PageWidth()), std::make_unique<MemoryFile>(&faults_)};
  }

  std::shared_ptr<MemoryFile> file_ = std::make_shared<MemoryFile>(&faults_);
  PagePool typed_{kShape.PageWidth(), GetParam(), {}, {}};
};

TEST_P(SavedLayerShapesTest, SessionsGoOnAlike) {
  for (const char* spec : {"dynsplit+scatter=0.5+reuse=4+cosine=-0.1", "snapkv", "h2o", "full"}) {
    for (const int tokens : {50, 64, 700}) {
      SCOPED_TRACE(spec);
      const std::string method = std::string(spec) + "+budget=40+recent=16";
      TestSequence sequence = Sequence(&typed_, method);
      Run(&sequence, tokens, Attention::kDense);
      Run(&sequence, 2, Attention::kSelected);
      ASSERT_TRUE(Save(sequence).ok());
      TestSequence loaded = Sequence(&typed_, method);
      ASSERT_TRUE(Load(&loaded, false).ok());
      PagePool few(kShape.PageWidth(), GetParam(), Memory(GetParam().hot), Memory(GetParam().cold));
      TestSequence paged = Sequence(&few, method);
      ASSERT_TRUE(Load(&paged, true).ok());
      EXPECT_EQ(loaded.cache.pages().bytes(), sequence.cache.pages().bytes());
      for (const int rows : {1, 3, 100}) {
        const auto attention = rows == 100 ? Attention::kDense : Attention::kSelected;
        const Outputs want = Run(&sequence, rows, attention);
        EXPECT_EQ(Run(&loaded, rows, attention), want) << rows;
        EXPECT_EQ(Run(&paged, rows, attention), want) << rows;
      }
    }
  }
}

TEST_P(SavedLayerShapesTest, AnotherShapeIsRefused) {
  TestSequence sequence = Sequence(&typed_, "dynsplit");
  Run(&sequence, 200, Attention::kDense);
  ASSERT_TRUE(Save(sequence).ok());
  CacheShape narrow = kShape, other_window = kShape, uniform = kShape;
  narrow.value_dim = 16;
  other_window.layers[0].window = 101;
  uniform.layers.clear();
  for (const CacheShape& shape : {narrow, other_window, uniform}) {
    TestSequence loaded = Sequence(&typed_, "dynsplit", shape);
    const Status status = Load(&loaded, false);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find("another shape"), std::string::npos) << status.message();
  }
}

INSTANTIATE_TEST_SUITE_P(Types, SavedLayerShapesTest,
                         ::testing::Values(KvTypes{}, KvTypes{KvType::kQ8, KvType::kQ4}),
                         [](const auto& param) {
                           return std::string(NameOf(param.param.hot)) + "_" +
                                  NameOf(param.param.cold);
                         });

// Nothing selects, nothing is sampled, and blocks are cut all the same.
TEST(WindowedLayersTest, AModelWithoutGlobalLayersIsReadAndCut) {
  const CacheShape shape = AllWindowed();
  for (const char* spec : {"dynsplit+scatter=0.5+candidate=0.5", "snapkv", "h2o", "quest"}) {
    SCOPED_TRACE(spec);
    PagePool pool(shape.PageWidth());
    AttentionBatch batch(shape, kWorkers);
    TestSequence sequence(&pool, ParseMethod(std::string(spec) + "+budget=40").value(), 1, {},
                          shape);
    RunPass(&batch, {{&sequence, 500, Attention::kDense}}, kWorkers);
    RunPass(&batch, {{&sequence, 1, Attention::kSelected}}, kWorkers);
    EXPECT_EQ(batch.AttendedTokens(0), 13 * 70);
    const auto blocks = sequence.cache.CutAll();
    ASSERT_TRUE(blocks.ok());
    EXPECT_EQ(blocks->back().end(), 501);
  }
}

}  // namespace
}  // namespace dynsplit
