// Saved and loaded caches: SemanticCache::Save and Load.
#include <gtest/gtest.h>

#include "base/memory_file.h"
#include "cache/cache_fixture.h"
#include "store/pinned_pages.h"

namespace dynsplit {
namespace {

using Outputs = std::vector<std::vector<float>>;

class SemanticCacheArchiveTest : public ::testing::Test {
 protected:
  explicit SemanticCacheArchiveTest(KvTypes types = {})
      : pool_(kTestShape.head_dim, types, {}, {}), batch_(kTestShape, 2) {}

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
  // As Load, but pages stay in the file until they are needed.
  Status Open(TestSequence* sequence) {
    auto file = std::make_shared<MemoryFile>(&faults_);
    file->content() = file_.content();
    ArchiveReader archive(file.get(), file->content().size(), "s");
    return sequence->cache.Load(1 << 20, &archive, file);
  }
  // The first selected passes of it, or the first error.
  Status TryGoOn(TestSequence* sequence, std::vector<Outputs>* outputs) {
    outputs->clear();
    for (const int rows : {1, 4, 1}) {
      Outputs output;
      DYNSPLIT_RETURN_IF_ERROR(
          TryPass(&batch_, {sequence, rows, Attention::kSelected}, 2, &output));
      outputs->push_back(std::move(output));
    }
    return {};
  }

  MemoryFile::Faults faults_;
  MemoryFile file_{&faults_};
};

TEST_F(SemanticCacheArchiveTest, EveryMethodGoesOnAlike) {
  for (const char* spec :
       {"full", "recent", "quest", "sentence", "fixed", "dynsplit", "dynsplit+type=f16",
        "dynsplit+scatter=0.5+candidate=0.5", "snapkv", "h2o", "random"}) {
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

TEST_F(SemanticCacheArchiveTest, StepsGoOnLookingAtTheSameBlocks) {
  const Method method = ParseMethod("dynsplit+budget=20+recent=16+reuse=4+cosine=-0.1").value();
  TestSequence sequence = Read(method);
  for (int step = 0; step < 2; ++step) {
    RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  }
  ASSERT_TRUE(Save(sequence).ok());
  TestSequence loaded(&pool_, method);
  ASSERT_TRUE(Load(&loaded).ok());
  for (int step = 0; step < 4; ++step) {
    EXPECT_EQ(RunPass(&batch_, {{&loaded, 1, Attention::kSelected}}, 2),
              RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2))
        << step;
  }
}

// A pass that was begun and not committed leaves nothing in the file that it could not have.
TEST_F(SemanticCacheArchiveTest, AnAbandonedStepIsNotSaved) {
  const Method method = ParseMethod("dynsplit+budget=20+recent=16+reuse=4+cosine=-0.1").value();
  TestSequence sequence = Read(method);
  const auto tokens = TestTokens(sequence.cache.size(), 1);
  ASSERT_TRUE(sequence.cache.Begin(tokens, Attention::kSelected).ok());
  ASSERT_TRUE(Save(sequence).ok());
  TestSequence loaded(&pool_, method);
  const Status status = Load(&loaded);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(GoOn(&loaded), GoOn(&sequence));
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
  const TestSequence sequence = Read(ParseMethod("dynsplit").value());
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
  for (int64_t call = 0; call < calls; ++call) {
    faults_.fail_at = faults_.calls + call;
    EXPECT_EQ(Save(sequence).code(), StatusCode::kResourceExhausted) << call;
  }
  faults_.fail_at = -1;
  ASSERT_TRUE(Save(sequence).ok());
  for (int64_t call = 0; call < calls; ++call) {
    TestSequence loaded(&pool_, Method{});
    faults_.fail_at = faults_.calls + call;
    EXPECT_EQ(Load(&loaded).code(), StatusCode::kIoError) << call;
  }
}

// With pages that move, and are read from the saved file when they are first needed.
class OpenedCacheTest : public SemanticCacheArchiveTest,
                        public ::testing::WithParamInterface<KvTypes> {
 protected:
  OpenedCacheTest() : SemanticCacheArchiveTest(GetParam()) {}

  TierMemory Memory(KvType type) {
    return {64 * PageBytes(type, kTestShape.head_dim),
            std::make_unique<MemoryFile>(&spill_faults_)};
  }
  // A byte of the saved keys or values of a sequence, in the page of that token.
  std::byte* SavedByte(const TestSequence& sequence, KvPart part, int64_t token) {
    constexpr size_t kEnough = 128;  // no other page begins with the same
    PinnedPages pages(sequence.cache.pages(), 3, 1);
    const f16* page = pages.view().Part(part).Page(token);
    const auto start = std::as_bytes(std::span(page, kEnough));
    const auto found = std::ranges::search(file_.content(), start);
    return found.empty() ? nullptr : &*found.begin() + kEnough / 2;
  }

  MemoryFile::Faults spill_faults_;
  PagePool paged_{kTestShape.head_dim, GetParam(), Memory(GetParam().hot), Memory(GetParam().cold)};
};

INSTANTIATE_TEST_SUITE_P(Types, OpenedCacheTest,
                         ::testing::Values(KvTypes{}, KvTypes{KvType::kQ8, KvType::kQ8},
                                           KvTypes{KvType::kF16, KvType::kQ4},
                                           KvTypes{KvType::kQ8, KvType::kQ4}));

TEST_P(OpenedCacheTest, EveryMethodGoesOnAlike) {
  for (const char* spec : {"full", "h2o"}) {
    for (const bool selected : {false, true}) {
      SCOPED_TRACE(spec);
      const Method method = ParseMethod(std::string(spec) + "+budget=40+recent=16").value();
      TestSequence sequence = Read(method, selected);
      ASSERT_TRUE(Save(sequence).ok());
      TestSequence opened(&paged_, method);
      const int64_t before = faults_.reads;
      ASSERT_TRUE(Open(&opened).ok());
      EXPECT_EQ(opened.cache.pages().resident_bytes(), 0u);
      EXPECT_LT(faults_.reads - before, 200);  // far fewer than there are pages
      TestSequence fork = opened;
      TestSequence loaded(&pool_, method);
      ASSERT_TRUE(Load(&loaded).ok());
      const int64_t cold_end = opened.cache.pages().cold_end();
      const std::vector<Outputs> want = GoOn(&sequence);
      EXPECT_EQ(GoOn(&loaded), want);
      EXPECT_EQ(GoOn(&opened), want);
      EXPECT_EQ(GoOn(&fork), want);
      // Pages that came from the saved file have become cold meanwhile.
      EXPECT_EQ(opened.cache.pages().cold_end() > cold_end, pool_.has_tiers());
    }
  }
}

TEST_P(OpenedCacheTest, SavesWhatItHasNotReadYet) {
  const Method method = ParseMethod("dynsplit+budget=40").value();
  TestSequence sequence = Read(method);
  ASSERT_TRUE(Save(sequence).ok());
  const std::vector<std::byte> saved = file_.content();
  TestSequence opened(&paged_, method);
  ASSERT_TRUE(Open(&opened).ok());
  ASSERT_TRUE(Save(opened).ok());
  EXPECT_EQ(file_.content(), saved);
}

// Every region of the file: what is wrong there is noticed when it is opened or by the pass that
// needs it, which is not committed; or else nobody needed it.
TEST_P(OpenedCacheTest, ChangedBytesAreNoticedBeforeTheyAreBelieved) {
  const Method method = ParseMethod("dynsplit+budget=40+recent=16").value();
  TestSequence sequence = Read(method);
  ASSERT_TRUE(Save(sequence).ok());
  std::vector<Outputs> want;
  ASSERT_TRUE(TryGoOn(&sequence, &want).ok());
  std::vector<std::byte>& content = file_.content();
  int at_open = 0, in_a_pass = 0;
  for (size_t at = 0; at < content.size(); at += 1 + content.size() / 80) {
    content[at] ^= std::byte{1};
    TestSequence opened(&paged_, method);
    Status status = Open(&opened);
    at_open += status.ok() ? 0 : 1;
    if (status.ok()) {
      const int64_t size = opened.cache.size();
      std::vector<Outputs> got;
      status = TryGoOn(&opened, &got);
      in_a_pass += status.ok() ? 0 : 1;
      for (size_t pass = 0; pass < got.size(); ++pass) ASSERT_EQ(got[pass], want[pass]) << at;
      const int64_t committed[] = {0, 1, 5, 6};
      EXPECT_EQ(opened.cache.size(), size + committed[got.size()]) << at;
    }
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kCorruption) << status.ToString();
    content[at] ^= std::byte{1};
  }
  EXPECT_GT(at_open, 1);
  EXPECT_GT(in_a_pass, 20);
  EXPECT_EQ(paged_.used_bytes(), 0u);
}

TEST_P(OpenedCacheTest, AChangedPageOfEitherTierIsNoticed) {
  const Method method = ParseMethod("full").value();
  const TestSequence sequence = Read(method, /*selected=*/false);
  ASSERT_TRUE(Save(sequence).ok());
  for (const int64_t token : {0, 64, 128, 299}) {
    for (const KvPart part : {KvPart::kKeys, KvPart::kValues}) {
      SCOPED_TRACE(token);
      std::byte* byte = SavedByte(sequence, part, token);
      ASSERT_NE(byte, nullptr);
      *byte ^= std::byte{1};
      TestSequence loaded(&pool_, method), opened(&paged_, method);
      EXPECT_EQ(Load(&loaded).code(), StatusCode::kCorruption);
      ASSERT_TRUE(Open(&opened).ok());
      std::vector<Outputs> outputs;
      EXPECT_EQ(TryGoOn(&opened, &outputs).code(), StatusCode::kCorruption);
      EXPECT_EQ(opened.cache.size(), 300);
      *byte ^= std::byte{1};
    }
  }
}

TEST_P(OpenedCacheTest, APassThatCouldNotReadCanBeRepeated) {
  const Method method = ParseMethod("dynsplit+budget=40+recent=16").value();
  TestSequence sequence = Read(method);
  ASSERT_TRUE(Save(sequence).ok());
  std::vector<Outputs> want;
  ASSERT_TRUE(TryGoOn(&sequence, &want).ok());
  int failed = 0;
  int64_t calls = 1;
  for (int64_t call = 0; call < calls; ++call) {
    TestSequence opened(&paged_, method);
    ASSERT_TRUE(Open(&opened).ok());
    const int64_t before = faults_.calls;
    faults_.fail_at = before + call;
    for (size_t pass = 0; pass < 3; ++pass) {
      const int rows[] = {1, 4, 1};
      Outputs got;
      Status status = TryPass(&batch_, {&opened, rows[pass], Attention::kSelected}, 2, &got);
      if (!status.ok()) {
        ++failed;
        EXPECT_EQ(status.code(), StatusCode::kIoError);
        status = TryPass(&batch_, {&opened, rows[pass], Attention::kSelected}, 2, &got);
      }
      ASSERT_TRUE(status.ok()) << call << ": " << status.ToString();
      ASSERT_EQ(got, want[pass]) << call;
    }
    calls = faults_.calls - before;
    faults_.fail_at = -1;
  }
  EXPECT_GT(failed, calls / 2);  // the retry counts its calls as well
}

}  // namespace
}  // namespace dynsplit
