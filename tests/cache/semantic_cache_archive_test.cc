// Saved and loaded caches: SemanticCache::Save and Load.
#include <gtest/gtest.h>

#include "base/memory_file.h"
#include "cache/cache_fixture.h"

namespace dynsplit {
namespace {

using Outputs = std::vector<std::vector<float>>;

class SemanticCacheArchiveTest : public testing::Test {
 protected:
  SemanticCacheArchiveTest() : pool_(kTestShape.head_dim), batch_(kTestShape, 2) {}

  TestSequence Read(const Method& method, bool selected = true) {
    TestSequence sequence(&pool_, method);
    RunPass(&batch_, {{&sequence, 300, Attention::kDense}}, 2);
    if (!selected) return sequence;
    // Twice, so that blocks and summaries come at different times.
    for (int pass = 0; pass < 2; ++pass) {
      RunPass(&batch_, {{&sequence, 5, Attention::kSelected}}, 2);
      RunPass(&batch_, {{&sequence, 90, Attention::kDense}}, 2);
    }
    RunPass(&batch_, {{&sequence, 3, Attention::kSelected}}, 2);
    return sequence;
  }

  Status Save(const TestSequence& sequence) {
    file_.content().clear();
    ArchiveWriter archive(&file_);
    return sequence.cache.Save(&archive);
  }

  Status Load(TestSequence* sequence) {
    ArchiveReader archive(&file_, file_.content().size(), "s");
    return sequence->cache.Load(1 << 20, &archive);
  }

  std::vector<Outputs> GoOn(TestSequence* sequence) {
    std::vector<Outputs> outputs;
    for (const int rows : {1, 4, 1}) {
      outputs.push_back(RunPass(&batch_, {{sequence, rows, Attention::kSelected}}, 2));
    }
    outputs.push_back(RunPass(&batch_, {{sequence, 100, Attention::kDense}}, 2));
    outputs.push_back(RunPass(&batch_, {{sequence, 1, Attention::kSelected}}, 2));
    return outputs;
  }

  PagePool pool_;
  AttentionBatch batch_;
  MemoryFile::Faults faults_;
  MemoryFile file_{&faults_};
};

TEST_F(SemanticCacheArchiveTest, EveryMethodGoesOnAlike) {
  for (const char* spec :
       {"full", "recent", "quest", "sentence", "fixed", "dynsplit", "dynsplit+type=f16",
        "dynsplit+scatter=0.5+candidate=0.5", "dynsplit+coarse=2", "snapkv", "h2o", "random"}) {
    for (const bool selected : {false, true}) {
      SCOPED_TRACE(spec);
      const Method method = ParseMethod(std::string(spec) + "+budget=40+recent=16").value();
      TestSequence sequence = Read(method, selected);
      ASSERT_TRUE(Save(sequence).ok());
      TestSequence loaded(&pool_, method);
      const Status status = Load(&loaded);
      ASSERT_TRUE(status.ok()) << status.ToString();
      EXPECT_EQ(loaded.cache.size(), sequence.cache.size());
      EXPECT_EQ(GoOn(&loaded), GoOn(&sequence));
      EXPECT_TRUE(std::ranges::equal(
          loaded.cache.blocks(), sequence.cache.blocks(), [](const Block& a, const Block& b) {
            return a.start == b.start && a.length == b.length && a.weight == b.weight;
          }));
    }
  }
}

TEST_F(SemanticCacheArchiveTest, AnotherMethodCutsAnew) {
  TestSequence sequence = Read(ParseMethod("dynsplit+budget=40").value());
  ASSERT_TRUE(Save(sequence).ok());
  const Method other = ParseMethod("quest+budget=40").value();
  TestSequence loaded(&pool_, other);
  ASSERT_TRUE(Load(&loaded).ok());
  EXPECT_TRUE(loaded.cache.blocks().empty());
  sequence.cache.SetMethod(other);
  EXPECT_EQ(GoOn(&loaded), GoOn(&sequence));
}

TEST_F(SemanticCacheArchiveTest, LittleMemoryLoadsTheSame) {
  const Method method = ParseMethod("dynsplit+budget=40").value();
  TestSequence sequence = Read(method);
  ASSERT_TRUE(Save(sequence).ok());
  MemoryFile::Faults faults;
  PagePool paged(kTestShape.head_dim, 64 * PageElements(kTestShape.head_dim) * sizeof(f16),
                 std::make_unique<MemoryFile>(&faults));
  TestSequence loaded(&paged, method);
  ASSERT_TRUE(Load(&loaded).ok());
  EXPECT_EQ(GoOn(&loaded), GoOn(&sequence));
}

// With and without a page that is partly written, and pages still to become cold.
TEST_F(SemanticCacheArchiveTest, EveryTypeGoesOnAlike) {
  const Method method = ParseMethod("dynsplit+budget=40+recent=16").value();
  for (const KvTypes types : {KvTypes{KvType::kQ8, KvType::kQ8},
                              {KvType::kF16, KvType::kQ8},
                              {KvType::kF16, KvType::kQ4},
                              {KvType::kQ8, KvType::kQ4}}) {
    for (const int rows : {100, 320, 383}) {
      SCOPED_TRACE(std::string(NameOf(types.hot)) + ", " + NameOf(types.cold));
      PagePool pool(kTestShape.head_dim, types, {}, {});
      TestSequence sequence(&pool, method);
      RunPass(&batch_, {{&sequence, rows, Attention::kDense}}, 2);
      ASSERT_TRUE(Save(sequence).ok());
      TestSequence loaded(&pool, method);
      const Status status = Load(&loaded);
      ASSERT_TRUE(status.ok()) << status.ToString();
      EXPECT_EQ(loaded.cache.pages().cold_end(), sequence.cache.pages().cold_end());
      EXPECT_EQ(loaded.cache.pages().bytes(), sequence.cache.pages().bytes());
      EXPECT_EQ(GoOn(&loaded), GoOn(&sequence));
    }
  }
}

TEST_F(SemanticCacheArchiveTest, AnotherTypeIsRefusedAndBothAreNamed) {
  ASSERT_TRUE(Save(Read(Method{})).ok());
  PagePool pool(kTestShape.head_dim, {KvType::kQ8, KvType::kQ4}, {}, {});
  TestSequence loaded(&pool, Method{});
  const Status status = Load(&loaded);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "s: its keys and values are f16, wanted q8_0 (the last ones) and q4");
  EXPECT_EQ(pool.used_bytes(), 0u);
}

TEST_F(SemanticCacheArchiveTest, ShortTextsLoadUnderMethodsThatEvict) {
  const Method method = ParseMethod("snapkv+sink=64").value();
  TestSequence sequence(&pool_, method);
  RunPass(&batch_, {{&sequence, 10, Attention::kDense}}, 2);
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  ASSERT_TRUE(Save(sequence).ok());
  TestSequence loaded(&pool_, method);
  ASSERT_TRUE(Load(&loaded).ok());
  EXPECT_EQ(GoOn(&loaded), GoOn(&sequence));
}

TEST_F(SemanticCacheArchiveTest, MoreTokensThanWantedAreRefusedBeforePagesAreMade) {
  ASSERT_TRUE(Save(Read(Method{}, false)).ok());
  TestSequence loaded(&pool_, Method{});
  ArchiveReader archive(&file_, file_.content().size(), "s");
  const size_t before = pool_.used_bytes();
  const Status status = loaded.cache.Load(299, &archive);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "s: has 300 tokens, the context has room for 299");
  EXPECT_EQ(pool_.used_bytes(), before);
}

TEST_F(SemanticCacheArchiveTest, RefusesWhatDoesNotFit) {
  const TestSequence sequence = Read(Method{});
  ASSERT_TRUE(Save(sequence).ok());
  const auto load_as = [&](CacheShape shape, const Observation& observation, const char* spec) {
    SemanticCache cache(shape, ParseMethod(spec).value(), &pool_, TestDelimiters(),
                        {.observation = observation});
    ArchiveReader archive(&file_, file_.content().size(), "s");
    return cache.Load(1 << 20, &archive).code();
  };
  CacheShape other = kTestShape;
  other.num_layers = 7;
  EXPECT_EQ(load_as(other, {}, "dynsplit"), StatusCode::kInvalidArgument);
  EXPECT_EQ(load_as(kTestShape, {.window = 8}, "dynsplit"), StatusCode::kInvalidArgument);
  EXPECT_EQ(load_as(kTestShape, {}, "h2o"), StatusCode::kInvalidArgument);
  EXPECT_EQ(load_as(kTestShape, {}, "dynsplit"), StatusCode::kOk);
}

TEST_F(SemanticCacheArchiveTest, ChangedBytesAnywhereAreNoticed) {
  const TestSequence sequence = Read(ParseMethod("dynsplit+coarse=2").value());
  ASSERT_TRUE(Save(sequence).ok());
  std::vector<std::byte>& content = file_.content();
  for (size_t at = 0; at < content.size(); at += 1 + content.size() / 300) {
    content[at] ^= std::byte{1};
    TestSequence loaded(&pool_, sequence.cache.method());
    EXPECT_EQ(Load(&loaded).code(), StatusCode::kCorruption) << at;
    content[at] ^= std::byte{1};
  }
  for (size_t cut = 1; cut < content.size(); cut *= 3) {
    const std::vector<std::byte> whole = content;
    content.resize(content.size() - cut);
    TestSequence loaded(&pool_, sequence.cache.method());
    EXPECT_EQ(Load(&loaded).code(), StatusCode::kCorruption) << cut;
    content = whole;
  }
}

TEST_F(SemanticCacheArchiveTest, ErrorsOfTheFileArePassedOn) {
  const TestSequence sequence = Read(Method{});
  faults_.calls = 0;
  ASSERT_TRUE(Save(sequence).ok());
  const int64_t calls = faults_.calls;
  for (int64_t call = 0; call < calls; call += 7) {
    faults_.fail_at = faults_.calls + call;
    EXPECT_EQ(Save(sequence).code(), StatusCode::kResourceExhausted) << call;
  }
  faults_.fail_at = -1;
  ASSERT_TRUE(Save(sequence).ok());
  for (int64_t call = 0; call < calls; call += 7) {
    TestSequence loaded(&pool_, Method{});
    faults_.fail_at = faults_.calls + call;
    EXPECT_EQ(Load(&loaded).code(), StatusCode::kIoError) << call;
  }
}

}  // namespace
}  // namespace dynsplit
