#include "store/pager.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "base/archive.h"
#include "base/memory_file.h"
#include "base/rng.h"
#include "store/page_pool.h"

namespace dynsplit {
namespace {

constexpr int kDim = 16;
constexpr size_t kPageBytes = PageElements(kDim) * sizeof(f16);

class PagerTest : public ::testing::Test {
 protected:
  void MakePages(size_t in_memory, int count, int num_layers = 1) {
    pool_.emplace(kDim, in_memory * kPageBytes, std::make_unique<MemoryFile>(&faults_));
    for (int i = 0; i < count; ++i) pages_.push_back(pool_->Allocate(i % num_layers).value());
  }
  ~PagerTest() override { pages_.clear(); }

  Pager& pager() { return *pool_->pager(); }
  Page* page(int i) { return pages_[static_cast<size_t>(i)].get(); }
  f16* Rows(int i) { return pool_->Rows(*page(i)); }

  Status Pin(int i, bool writes) {
    Page* const one[] = {page(i)};
    Pager::PinResult pinned = pager().Pin(one, writes);
    EXPECT_EQ(pinned.count, pinned.status.ok() ? 1u : 0u);
    return pinned.status;
  }
  Status Write(int i, int value) {
    DYNSPLIT_RETURN_IF_ERROR(Pin(i, /*writes=*/true));
    std::fill_n(Rows(i), PageElements(kDim), static_cast<f16>(value));
    Pager::Unpin(page(i));
    return {};
  }
  // The page's value; -1: not the same in all places, -2: an error.
  int Read(int i) {
    if (!Pin(i, /*writes=*/false).ok()) return -2;
    const f16* rows = Rows(i);
    const f16 value = *rows;
    const bool same = std::count(rows, rows + PageElements(kDim), value) ==
                      static_cast<int64_t>(PageElements(kDim));
    Pager::Unpin(page(i));
    return same ? value : -1;
  }
  // The same, past the frames where the page bypasses.
  int ReadAnyhow(int i) {
    if (!pager().Bypasses(page(i))) return Read(i);
    std::vector<f16> rows(PageElements(kDim));
    const Pager::PageRead reads[] = {{page(i), rows.data(), {0, kPageBytes}}};
    if (!pager().Read(reads).ok()) return -2;
    return std::ranges::count(rows, rows[0]) == std::ssize(rows) ? rows[0] : -1;
  }
  bool InMemory(int i) { return page(i)->pins.load() >= 0; }

  MemoryFile::Faults faults_;
  std::optional<PagePool> pool_;
  std::vector<PageRef> pages_;
};

TEST_F(PagerTest, EveryPageKeepsItsContent) {
  MakePages(8, 100);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Write(i, i).ok());
  Rng rng(1);
  std::vector<int> want(100);
  for (int i = 0; i < 100; ++i) want[static_cast<size_t>(i)] = i;
  for (int step = 0; step < 5000; ++step) {
    const int i = static_cast<int>(rng.Below(100));
    if (rng.Below(3) == 0) {
      want[static_cast<size_t>(i)] = static_cast<int>(rng.Below(30000));
      ASSERT_TRUE(Write(i, want[static_cast<size_t>(i)]).ok());
    } else {
      ASSERT_EQ(Read(i), want[static_cast<size_t>(i)]);
    }
  }
  EXPECT_EQ(pool_->allocated_bytes(), 8 * kPageBytes);
}

TEST_F(PagerTest, OnlyWhatChangedIsWritten) {
  MakePages(2, 4);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Write(i, i).ok());
  for (int i = 0; i < 4; ++i) ASSERT_EQ(Read(i), i);
  const int64_t written = faults_.writes;
  EXPECT_LE(written, 4);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) ASSERT_EQ(Read(i), i);
  }
  EXPECT_LE(faults_.writes, 4);
}

TEST_F(PagerTest, PinnedPagesStayWhereTheyAre) {
  MakePages(4, 50);
  ASSERT_TRUE(Write(0, 7).ok());
  ASSERT_TRUE(Pin(0, /*writes=*/false).ok());
  const f16* rows = Rows(0);
  for (int i = 1; i < 50; ++i) ASSERT_TRUE(Write(i, i).ok());
  EXPECT_EQ(Rows(0), rows);
  EXPECT_EQ(*rows, 7);
  Pager::Unpin(page(0));
}

TEST_F(PagerTest, SaysSoWhenAllThatFitsIsPinned) {
  MakePages(3, 4);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Pin(i, /*writes=*/true).ok());
  EXPECT_EQ(Pin(3, /*writes=*/true).code(), StatusCode::kResourceExhausted);
  Pager::Unpin(page(1));
  EXPECT_TRUE(Pin(3, /*writes=*/true).ok());
  for (const int i : {0, 2, 3}) Pager::Unpin(page(i));
}

TEST_F(PagerTest, PinsAsManyOfSeveralAsFit) {
  MakePages(40, 100);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Write(i, i).ok());
  std::vector<Page*> all;
  for (int i = 0; i < 100; ++i) all.push_back(page(i));
  const Pager::PinResult some = pager().Pin(std::span(all).first(40), /*writes=*/false);
  EXPECT_TRUE(some.status.ok());
  EXPECT_EQ(some.count, 40u);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(*Rows(i), i);
    Pager::Unpin(page(i));
  }
  const Pager::PinResult most = pager().Pin(all, /*writes=*/false);
  EXPECT_EQ(most.status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(most.count, 40u);
  for (size_t i = 0; i < most.count; ++i) Pager::Unpin(all[i]);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Read(i), i);
}

TEST_F(PagerTest, WhatASeriesPinnedBeforeAnErrorStaysPinned) {
  for (int64_t fail_at = 0; fail_at < 20; ++fail_at) {
    pages_.clear();
    faults_.fail_at = -1;
    MakePages(16, 48);
    for (int i = 0; i < 48; ++i) ASSERT_TRUE(Write(i, i).ok());
    std::vector<Page*> wanted;
    for (int i = 0; i < 12; ++i) wanted.push_back(page(i));
    faults_.fail_at = faults_.calls + fail_at;
    const Pager::PinResult pinned = pager().Pin(wanted, /*writes=*/false);
    EXPECT_EQ(pinned.status.ok(), pinned.count == 12);
    for (int i = 0; i < 48; ++i) {
      EXPECT_EQ(page(i)->pins > 0, static_cast<size_t>(i) < pinned.count) << fail_at << ", " << i;
    }
    for (size_t i = 0; i < pinned.count; ++i) Pager::Unpin(wanted[i]);
    for (int i = 0; i < 48; ++i) EXPECT_EQ(Read(i), i);
  }
}

// Pages of the layers to come stay rather than those of the layers that were just computed.
TEST_F(PagerTest, PutsOutWhatIsNeededLast) {
  constexpr int kLayers = 8;
  constexpr int kPages = 8 * 40;
  MakePages(kPages * 3 / 4, kPages, kLayers);
  int64_t misses = 0;
  for (int pass = 0; pass < 6; ++pass) {
    for (int layer = 0; layer < kLayers; ++layer) {
      pager().EnterLayer(layer, kLayers);
      for (int i = layer; i < kPages; i += kLayers) {
        if (pass >= 3 && !InMemory(i)) ++misses;
        ASSERT_TRUE(pass == 0 ? Write(i, i).ok() : Read(i) == i);
      }
    }
  }
  // At best a quarter and a little of each pass; by the order of last use, all.
  EXPECT_LT(misses, 3 * kPages * 2 / 5);
  EXPECT_GE(misses, 3 * kPages / 4);
}

TEST_F(PagerTest, PagesNotNeededForLongGoFirst) {
  constexpr int kPages = 200;
  MakePages(100, kPages);
  for (int i = 0; i < kPages; ++i) ASSERT_TRUE(Write(i, i).ok());
  int64_t misses = 0;
  for (int pass = 0; pass < 20; ++pass) {
    pager().EnterLayer(0, 1);
    for (int i = 0; i < 60; ++i) {  // the same ones, and a few others
      if (pass > 3 && !InMemory(i)) ++misses;
      ASSERT_EQ(Read(i), i);
    }
    for (int i = 0; i < 10; ++i) ASSERT_GE(Read(60 + (pass * 10 + i) % 140), 0);
  }
  EXPECT_LT(misses, 16);
}

TEST_F(PagerTest, WhatIsSeldomNeededBypasses) {
  constexpr int kPages = 60;
  MakePages(20, kPages);
  EXPECT_FALSE(pager().Bypasses(page(0)));  // has no content yet
  for (int i = 0; i < kPages; ++i) ASSERT_TRUE(Write(i, i).ok());
  // Ten are needed in every pass, of the others one.
  for (int pass = 0; pass < 20; ++pass) {
    pager().EnterLayer(0, 1);
    for (int i = 0; i < 10; ++i) {
      if (pass > 2) {
        EXPECT_FALSE(pager().Bypasses(page(i))) << pass;
      }
      ASSERT_EQ(ReadAnyhow(i), i);
    }
    const int other = 10 + pass * 2;
    const bool was_there = InMemory(other);
    EXPECT_EQ(pager().Bypasses(page(other)), !was_there) << pass;
    EXPECT_EQ(InMemory(other), was_there);
  }
  // One that is needed in turn gets a frame: others have not been needed for long.
  for (int pass = 0; pass < 3; ++pass) {
    pager().EnterLayer(0, 1);
    ASSERT_EQ(ReadAnyhow(59), 59);
  }
  EXPECT_TRUE(InMemory(59));
}

// What comes round and round, and does not fit, stays where it is: only the rest is read anew.
TEST_F(PagerTest, BypassingReadsNoMoreThanWhatDoesNotFit) {
  constexpr int kLayers = 8;
  constexpr int kPages = 8 * 40;
  constexpr int kFit = kPages * 3 / 4;
  MakePages(kFit, kPages, kLayers);
  for (int pass = 0; pass < 6; ++pass) {
    const int64_t read_before = pool_->num_read();
    for (int layer = 0; layer < kLayers; ++layer) {
      pager().EnterLayer(layer, kLayers);
      for (int i = layer; i < kPages; i += kLayers) {
        ASSERT_TRUE(pass == 0 ? Write(i, i).ok() : ReadAnyhow(i) == i);
      }
    }
    if (pass >= 3) {
      EXPECT_EQ(pool_->num_read() - read_before, kPages - kFit) << pass;
    }
  }
}

TEST_F(PagerTest, ReadsWhatBypassesWholeOrInPart) {
  MakePages(2, 4);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Write(i, i).ok());
  std::vector<f16> rows(2 * PageElements(kDim), f16{77});
  const size_t half = kPageBytes / 2;
  const Pager::PageRead reads[] = {{page(0), rows.data(), {0, kPageBytes}},
                                   {page(1), rows.data() + PageElements(kDim), {half, half}}};
  ASSERT_TRUE(pager().Read(reads).ok());
  for (size_t i = 0; i < PageElements(kDim); ++i) {
    EXPECT_EQ(rows[i], 0);
    EXPECT_EQ(rows[PageElements(kDim) + i], i < PageElements(kDim) / 2 ? 77 : 1);
  }
  faults_.fail_at = faults_.calls.load();
  EXPECT_EQ(pager().Read(reads).code(), StatusCode::kIoError);
  EXPECT_TRUE(pager().Read(reads).ok());
  EXPECT_TRUE(pager().Read({}).ok());
}

TEST_F(PagerTest, AFailedReadOrWriteLosesNothing) {
  for (int64_t fail_at = 0; fail_at < 60; ++fail_at) {
    pages_.clear();
    faults_.calls = 0;
    faults_.fail_at = fail_at;
    MakePages(4, 12);
    int failed = 0;
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 12; ++i) {
        for (int tries = 0; tries < 2; ++tries) {
          const Status status = round == 0     ? Write(i, i)
                                : Read(i) == i ? Status()
                                               : Internal("not " + std::to_string(i));
          if (status.ok()) break;
          ++failed;
          ASSERT_EQ(tries, 0) << status.ToString();
        }
      }
    }
    EXPECT_EQ(failed, faults_.calls > fail_at ? 1 : 0) << fail_at;
  }
}

TEST_F(PagerTest, AFullDiskStopsAtItAndGoesOnWhenThereIsRoom) {
  MakePages(4, 8);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Write(i, i).ok());
  faults_.fail_writes = true;
  EXPECT_EQ(Write(4, 4).code(), StatusCode::kResourceExhausted);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Read(i), i);
  faults_.fail_writes = false;
  for (int i = 4; i < 8; ++i) ASSERT_TRUE(Write(i, i).ok());
  for (int i = 0; i < 8; ++i) EXPECT_EQ(Read(i), i);
}

// While new frames are made.
TEST_F(PagerTest, ThreadsMayFillAnEmptyPool) {
  constexpr int kThreads = 4, kEach = 1000;
  MakePages(3000, kThreads * kEach);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = t * kEach; i < (t + 1) * kEach; ++i) EXPECT_TRUE(Write(i, i % 30000).ok());
      });
    }
  }
  for (int i = 0; i < kThreads * kEach; ++i) ASSERT_EQ(Read(i), i % 30000);
}

TEST_F(PagerTest, ThreadsMayPinTheSamePages) {
  constexpr int kThreads = 4;
  MakePages(3 * kThreads, 60);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(Write(i, i).ok());
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        Rng rng(static_cast<uint64_t>(t));
        for (int step = 0; step < 2000; ++step) {
          const int i = static_cast<int>(rng.Below(58));
          Page* const some[] = {page(i), page(i + 1), page(i + 2)};
          const Pager::PinResult pinned = pager().Pin(some, /*writes=*/false);
          for (size_t k = 0; k < pinned.count; ++k) {
            if (*pool_->Rows(*some[k]) != i + static_cast<int>(k)) ++wrong;
            Pager::Unpin(some[k]);
          }
          if (pinned.count != 3) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

// Pages that begin in a file of their own, page i full of i.
class PagerSourceTest : public PagerTest {
 protected:
  void MakeSource(int count) {
    source_file_ = std::make_shared<MemoryFile>(&source_faults_);
    PageSource source = {
        .file = source_file_, .name = "s", .offset = 100, .hot_bytes = kPageBytes, .checksums = {}};
    source.AddRow(0, count);
    for (int i = 0; i < count; ++i) {
      const std::vector<f16> rows(PageElements(kDim), static_cast<f16>(i));
      const auto bytes = std::as_bytes(std::span(rows));
      ASSERT_TRUE(source_file_->WriteAt(source.ReadOf(i, nullptr).offset, bytes).ok());
      source.checksums.push_back(Checksum(bytes));
    }
    const PageSourceRef ref(std::move(source));
    for (int i = 0; i < count; ++i) {
      page(i)->source = ref;
      page(i)->slot = i;
    }
  }

  MemoryFile::Faults source_faults_;
  std::shared_ptr<MemoryFile> source_file_;
};

TEST_F(PagerSourceTest, PagesAreReadWhereTheyAreUntilTheyChange) {
  MakePages(4, 12);
  MakeSource(12);
  for (int i = 0; i < 12; ++i) ASSERT_EQ(Read(i), i);
  EXPECT_EQ(faults_.writes, 0);  // they are in a file already
  for (int i = 0; i < 12; i += 2) ASSERT_TRUE(Write(i, 100 + i).ok());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 12; ++i) ASSERT_EQ(Read(i), i % 2 == 0 ? 100 + i : i);
  }
  EXPECT_LE(faults_.writes, 6);
  EXPECT_EQ(pool_->spilled_bytes(), 6 * kPageBytes);
  pages_.clear();
  EXPECT_EQ(pool_->spilled_bytes(), 0u);
}

TEST_F(PagerSourceTest, AChangeThatCannotBeWrittenStays) {
  MakePages(4, 12);
  MakeSource(12);
  ASSERT_TRUE(Write(0, 100).ok());
  faults_.fail_at = 0;  // the first write
  int failed = 0;
  for (int i = 1; i < 12; ++i) failed += Read(i) == -2 ? 1 : 0;
  EXPECT_EQ(failed, 1);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 12; ++i) ASSERT_EQ(Read(i), i == 0 ? 100 : i);
  }
  EXPECT_EQ(pool_->spilled_bytes(), kPageBytes);
  pages_.clear();
  EXPECT_EQ(pool_->spilled_bytes(), 0u);
}

TEST_F(PagerSourceTest, TheFileIsLetGoOfWithItsLastPage) {
  MakePages(4, 6);
  MakeSource(6);
  for (int i = 0; i < 6; ++i) ASSERT_EQ(Read(i), i);
  pages_.resize(1);
  EXPECT_EQ(source_file_.use_count(), 2);
  pages_.clear();
  EXPECT_EQ(source_file_.use_count(), 1);
  EXPECT_EQ(pool_->spilled_bytes(), 0u);
}

TEST_F(PagerSourceTest, AChangedPageIsAnErrorForWhoNeedsItAlone) {
  MakePages(4, 8);
  MakeSource(8);
  source_file_->content()[100 + 3 * kPageBytes + 17] ^= std::byte{1};
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 8; ++i) {
      if (i == 3) {
        const Status status = Pin(i, /*writes=*/false);
        EXPECT_EQ(status.code(), StatusCode::kCorruption);
        EXPECT_NE(status.message().find("page 3"), std::string::npos) << status.message();
      } else {
        EXPECT_EQ(Read(i), i);
      }
    }
  }
  source_file_->content()[100 + 3 * kPageBytes + 17] ^= std::byte{1};
  EXPECT_EQ(Read(3), 3);
}

TEST_F(PagerSourceTest, PagesOfBothFilesComeTogether) {
  MakePages(16, 48);
  MakeSource(48);
  for (int i = 0; i < 48; i += 3) ASSERT_TRUE(Write(i, 100 + i).ok());
  for (int i = 0; i < 48; ++i) ASSERT_GE(Read(i), 0);
  for (int64_t fail_at = 0; fail_at < 16; ++fail_at) {
    source_faults_.fail_at = source_faults_.calls + fail_at;
    std::vector<Page*> some;
    for (int i = 0; i < 14; ++i) some.push_back(page((i * 5 + static_cast<int>(fail_at)) % 48));
    const Pager::PinResult pinned = pager().Pin(some, /*writes=*/false);
    EXPECT_EQ(pinned.status.ok(), pinned.count == some.size());
    for (size_t i = 0; i < pinned.count; ++i) {
      const int idx = static_cast<int>((i * 5 + static_cast<size_t>(fail_at)) % 48);
      EXPECT_EQ(*pool_->Rows(*some[i]), idx % 3 == 0 ? 100 + idx : idx);
      Pager::Unpin(some[i]);
    }
  }
}

}  // namespace
}  // namespace dynsplit
