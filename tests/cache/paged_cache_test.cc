// The cache and its attention with fewer pages in memory than there are: the same results to the
// bit, and a file that fails loses nothing.
#include <gtest/gtest.h>

#include "base/memory_file.h"
#include "cache/cache_fixture.h"

namespace dynsplit {
namespace {

constexpr size_t kPageBytes = PageElements(kTestShape.head_dim) * sizeof(f16);
constexpr int kWorkers = 2;

// Few enough that pages move all the time: a pass of 300 tokens alone has 144.
constexpr size_t kInMemory = 64;

std::vector<Method> AllMethods() {
  std::vector<Method> methods;
  for (const char* spec : {"full", "recent", "quest", "sentence", "fixed", "dynsplit",
                           "dynsplit+pick=blocks", "dynsplit+refine=1", "dynsplit+scatter=0.5",
                           "dynsplit+reuse=8+cosine=-0.1", "snapkv", "h2o", "oracle", "random"}) {
    methods.push_back(
        ParseMethod(std::string(spec) + "+budget=40+recent=16+dense-layers=1").value());
    methods.back().name = spec;
  }
  return methods;
}

using Outputs = std::vector<std::vector<float>>;

class PagedCacheTest : public ::testing::Test {
 protected:
  PagedCacheTest() : pool_(kTestShape.head_dim), batch_(kTestShape, kWorkers) {}

  // A text, a question of several rows, and two tokens: read, and attended to selectively.
  std::vector<Outputs> Answer(PagePool* pool, const Method& method, Attention reading) {
    TestSequence sequence(pool, method);
    sequence.cache = SemanticCache(kTestShape, method, pool, TestDelimiters(),
                                   {.threads = 2, .joint = {{.budget_tokens = 64, .window = 64}}});
    std::vector<Outputs> outputs;
    for (const int rows : {300, 200, 1}) {
      outputs.push_back(RunPass(&batch_, {{&sequence, rows, reading}}, kWorkers));
    }
    TestSequence fork = sequence;
    for (const int rows : {5, 1, 1}) {
      outputs.push_back(RunPass(&batch_,
                                {
                                    {&sequence, rows, Attention::kSelected},
                                    {&fork, 1, Attention::kSelected},
                                },
                                kWorkers));
      EXPECT_TRUE(batch_.status().ok()) << batch_.status().ToString();
    }
    return outputs;
  }

  MemoryFile::Faults faults_;
  PagePool pool_;
  AttentionBatch batch_;
};

TEST_F(PagedCacheTest, EveryMethodAttendsAlike) {
  for (const Method& method : AllMethods()) {
    SCOPED_TRACE(method.name);
    PagePool paged(kTestShape.head_dim, kInMemory * kPageBytes,
                   std::make_unique<MemoryFile>(&faults_));
    const int64_t reads = faults_.reads;
    EXPECT_EQ(Answer(&paged, method, Attention::kDense), Answer(&pool_, method, Attention::kDense));
    EXPECT_GT(faults_.reads, reads);
    EXPECT_EQ(paged.used_bytes(), 0u);
    EXPECT_LE(paged.allocated_bytes(), kInMemory * kPageBytes);
  }
}

TEST_F(PagedCacheTest, JointReadingAttendsAlike) {
  for (const char* spec : {"dynsplit+budget=40", "full", "quest+budget=40"}) {
    SCOPED_TRACE(spec);
    PagePool paged(kTestShape.head_dim, kInMemory * kPageBytes,
                   std::make_unique<MemoryFile>(&faults_));
    const Method method = ParseMethod(spec).value();
    EXPECT_EQ(Answer(&paged, method, Attention::kJoint), Answer(&pool_, method, Attention::kJoint));
  }
}

// What a layer's rows choose lies in more pages than there are in memory: 164 of keys and values. A
// part of it lies in about a hundred, so that there is room for one worker's and no more.
TEST_F(PagedCacheTest, ManyJointTokensAreReadInParts) {
  const auto answer = [&](PagePool* pool) {
    TestSequence sequence(pool, Method{});
    sequence.cache =
        SemanticCache(kTestShape, Method{}, pool, TestDelimiters(),
                      {.threads = 2, .joint = {{.budget_tokens = 3000, .window = 64}}});
    for (int i = 0; i < 17; ++i) {
      RunPass(&batch_, {{&sequence, 300, Attention::kDense}}, 1);
    }
    return RunPass(&batch_, {{&sequence, 100, Attention::kJoint}}, 1);
  };
  PagePool paged(kTestShape.head_dim, 2 * kInMemory * kPageBytes,
                 std::make_unique<MemoryFile>(&faults_));
  EXPECT_EQ(answer(&paged), answer(&pool_));
  EXPECT_GT(faults_.reads, 0);
}

// Each call of the file fails once, reads and writes. A pass that fails is not committed, and the
// next try gives what there would have been. The text is a short one, as there are many calls.
TEST_F(PagedCacheTest, AFailedPassCanBeRepeated) {
  const Method method = ParseMethod("dynsplit+budget=40+recent=16+scatter=0.5").value();
  int failed = 0;
  const auto answer = [&](PagePool* pool) {
    TestSequence sequence(pool, method);
    std::vector<Outputs> outputs;
    const std::pair<int, Attention> passes[] = {{100, Attention::kDense},
                                                {60, Attention::kDense},
                                                {5, Attention::kSelected},
                                                {1, Attention::kSelected}};
    for (const auto& [rows, attention] : passes) {
      Status status;
      outputs.emplace_back();
      for (int tries = 0; tries == 0 || (tries == 1 && !status.ok()); ++tries) {
        status = TryPass(&batch_, {&sequence, rows, attention}, kWorkers, &outputs.back());
        failed += status.ok() ? 0 : 1;
      }
      EXPECT_TRUE(status.ok()) << status.ToString();
    }
    return outputs;
  };
  const std::vector<Outputs> want = answer(&pool_);
  ASSERT_EQ(failed, 0);
  constexpr size_t kFew = 40;  // of 72 pages
  int64_t calls = 1;
  for (int64_t fail_at = 0; fail_at < calls; ++fail_at) {
    faults_.calls = 0;
    faults_.fail_at = fail_at;
    PagePool paged(kTestShape.head_dim, kFew * kPageBytes, std::make_unique<MemoryFile>(&faults_));
    ASSERT_EQ(answer(&paged), want) << "call " << fail_at;
    calls = faults_.calls;
  }
  EXPECT_GT(failed, calls / 2);  // what is put out early may fail and be tried again, unseen
}

// Nothing is rounded by being put out: pages are encoded where they are so far back, or when they
// are written.
TEST_F(PagedCacheTest, EncodedPagesAttendAlike) {
  const struct {
    KvTypes types;
    const char* spec;
    Attention reading;
  } cases[] = {
      {{KvType::kQ8, KvType::kQ8}, "dynsplit+scatter=0.5", Attention::kDense},
      {{KvType::kF16, KvType::kQ8}, "full", Attention::kDense},
      {{KvType::kF16, KvType::kQ8}, "dynsplit", Attention::kJoint},
      {{KvType::kF16, KvType::kQ4}, "dynsplit+scatter=0.5", Attention::kDense},
      {{KvType::kF16, KvType::kQ4}, "snapkv", Attention::kDense},
      {{KvType::kQ8, KvType::kQ4}, "oracle", Attention::kDense},
      {{KvType::kQ8, KvType::kQ4}, "h2o", Attention::kDense},
      {{KvType::kQ8, KvType::kQ4}, "quest+dense-layers=1", Attention::kJoint},
  };
  for (const auto& [types, spec, reading] : cases) {
    SCOPED_TRACE(std::string(spec) + ", " + NameOf(types.hot) + ", " + NameOf(types.cold));
    const Method method = ParseMethod(std::string(spec) + "+budget=40+recent=16").value();
    const auto memory = [&](KvType type) {
      return TierMemory{kInMemory * PageBytes(type, kTestShape.head_dim),
                        std::make_unique<MemoryFile>(&faults_)};
    };
    PagePool whole(kTestShape.head_dim, types, {}, {});
    PagePool paged(kTestShape.head_dim, types, memory(types.hot), memory(types.cold));
    const int64_t reads = faults_.reads;
    const std::vector<Outputs> want = Answer(&whole, method, reading);
    EXPECT_EQ(Answer(&paged, method, reading), want);
    EXPECT_GT(faults_.reads, reads);
    EXPECT_EQ(paged.used_bytes(), 0u);
    EXPECT_NE(Answer(&pool_, method, reading), want);
  }
}

TEST_F(PagedCacheTest, ResidentBytesAreThoseInMemory) {
  PagePool paged(kTestShape.head_dim, kInMemory * kPageBytes,
                 std::make_unique<MemoryFile>(&faults_));
  TestSequence sequence(&paged, Method{});
  RunPass(&batch_, {{&sequence, 300, Attention::kDense}}, kWorkers);
  const PageTable& table = sequence.cache.pages();
  EXPECT_EQ(table.bytes(), 2u * 5 * 6 * 2 * kPageBytes);
  EXPECT_GT(table.resident_bytes(), kInMemory / 2 * kPageBytes);
  EXPECT_LE(table.resident_bytes(), kInMemory * kPageBytes);
  EXPECT_GE(paged.spilled_bytes() + table.resident_bytes(), table.bytes());
}

}  // namespace
}  // namespace dynsplit
