#include "store/page_pool.h"

#include <gtest/gtest.h>

#include "base/memory_file.h"

namespace dynsplit {
namespace {

TEST(PagePoolTest, GivesAlignedDistinctPages) {
  PagePool pool(16);
  Result<PageRef> a = pool.Allocate(0);
  Result<PageRef> b = pool.Allocate(0);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(pool.Rows(*a->get()), pool.Rows(*b->get()));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(pool.Rows(*a->get())) % 64, 0u);
  EXPECT_EQ(pool.page_bytes(), 64u * 16 * 2);
  EXPECT_EQ(pool.used_bytes(), 2 * pool.page_bytes());
  EXPECT_EQ(pool.pager(), nullptr);
}

TEST(PagePoolTest, CopiesShareAndTheLastOneGivesBack) {
  PagePool pool(16);
  {
    Result<PageRef> a = pool.Allocate(0);
    ASSERT_TRUE(a.ok());
    EXPECT_FALSE(a->shared());
    {
      PageRef copy = *a;
      EXPECT_TRUE(a->shared());
      EXPECT_EQ(copy.get(), a->get());
    }
    EXPECT_FALSE(a->shared());
    EXPECT_EQ(pool.used_bytes(), pool.page_bytes());
  }
  EXPECT_EQ(pool.used_bytes(), 0u);
}

// What is known of 65,534 pages fills a slab.
TEST(PagePoolTest, ManyPagesGoBackToThePoolThatTheyAreOf) {
  MemoryFile::Faults faults;
  const size_t memory = 4 * PageElements(16) * sizeof(f16);
  PagePool first(16, memory, std::make_unique<MemoryFile>(&faults));
  PagePool second(16, memory, std::make_unique<MemoryFile>(&faults));
  std::vector<PageRef> pages;
  for (int i = 0; i < 70'000; ++i) {
    pages.push_back(first.Allocate(0).value());
    if (i % 7 == 0) pages.push_back(second.Allocate(0).value());
  }
  EXPECT_EQ(first.used_bytes(), 70'000 * first.page_bytes());
  EXPECT_EQ(second.used_bytes(), 10'000 * second.page_bytes());
  std::erase_if(pages, [i = 0](const PageRef&) mutable { return i++ % 2 == 0; });
  EXPECT_EQ(first.used_bytes() + second.used_bytes(), 40'000 * first.page_bytes());
  pages.clear();
  EXPECT_EQ(first.used_bytes(), 0u);
  EXPECT_EQ(second.used_bytes(), 0u);
}

TEST(PagePoolTest, ReusesWhatWasGivenBack) {
  PagePool pool(16);
  const f16* first = nullptr;
  {
    Result<PageRef> a = pool.Allocate(0);
    ASSERT_TRUE(a.ok());
    first = pool.Rows(*a->get());
  }
  Result<PageRef> b = pool.Allocate(0);
  ASSERT_TRUE(b.ok());
  EXPECT_EQ(pool.Rows(*b->get()), first);
}

TEST(PagePoolTest, RefusesPastItsBoundWithoutAFile) {
  const size_t page = PageElements(16) * sizeof(f16);
  PagePool pool(16, 300 * page);
  std::vector<PageRef> pages;
  while (true) {
    Result<PageRef> ref = pool.Allocate(0);
    if (!ref.ok()) {
      EXPECT_EQ(ref.status().code(), StatusCode::kResourceExhausted);
      break;
    }
    pages.push_back(*std::move(ref));
  }
  EXPECT_EQ(pages.size(), 300u);
  pages.pop_back();
  EXPECT_TRUE(pool.Allocate(0).ok());
}

TEST(PagePoolTest, WithAFileThereAreMorePagesThanFit) {
  MemoryFile::Faults faults;
  const size_t page = PageElements(16) * sizeof(f16);
  PagePool pool(16, 4 * page, std::make_unique<MemoryFile>(&faults));
  ASSERT_NE(pool.pager(), nullptr);
  std::vector<PageRef> pages;
  for (int i = 0; i < 3000; ++i) pages.push_back(pool.Allocate(0).value());
  EXPECT_EQ(pool.used_bytes(), 3000 * page);
  EXPECT_EQ(pool.allocated_bytes(), 0u);  // nobody has written to one yet
  for (const PageRef& ref : pages) {
    Page* const one[] = {ref.get()};
    ASSERT_TRUE(pool.pager()->Pin(one, /*writes=*/true).status.ok());
    Pager::Unpin(ref.get());
  }
  EXPECT_EQ(pool.allocated_bytes(), 4 * page);
  EXPECT_EQ(pool.spilled_bytes(), 2996 * page);
  pages.clear();
  EXPECT_EQ(pool.used_bytes(), 0u);
  EXPECT_EQ(pool.spilled_bytes(), 0u);
}

}  // namespace
}  // namespace dynsplit
