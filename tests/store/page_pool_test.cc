#include "store/page_pool.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

TEST(PagePoolTest, GivesAlignedDistinctPages) {
  PagePool pool(16);
  Result<PageRef> a = pool.Allocate();
  Result<PageRef> b = pool.Allocate();
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(a->elements(), b->elements());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(a->elements()) % 64, 0u);
  EXPECT_EQ(pool.page_bytes(), 2u * 64 * 16 * 2);
  EXPECT_EQ(pool.used_bytes(), 2 * pool.page_bytes());
}

TEST(PagePoolTest, CopiesShareAndTheLastOneGivesBack) {
  PagePool pool(16);
  {
    Result<PageRef> a = pool.Allocate();
    ASSERT_TRUE(a.ok());
    EXPECT_FALSE(a->shared());
    {
      PageRef copy = *a;
      EXPECT_TRUE(a->shared());
      EXPECT_EQ(copy.elements(), a->elements());
    }
    EXPECT_FALSE(a->shared());
    EXPECT_EQ(pool.used_bytes(), pool.page_bytes());
  }
  EXPECT_EQ(pool.used_bytes(), 0u);
}

TEST(PagePoolTest, ReusesWhatWasGivenBack) {
  PagePool pool(16);
  const f16* first = nullptr;
  {
    Result<PageRef> a = pool.Allocate();
    ASSERT_TRUE(a.ok());
    first = a->elements();
  }
  Result<PageRef> b = pool.Allocate();
  ASSERT_TRUE(b.ok());
  EXPECT_EQ(b->elements(), first);
}

TEST(PagePoolTest, RefusesPastItsBound) {
  PagePool probe(16);
  ASSERT_TRUE(probe.Allocate().ok());
  const size_t slab = probe.allocated_bytes();
  PagePool pool(16, slab);
  std::vector<PageRef> pages;
  while (true) {
    Result<PageRef> page = pool.Allocate();
    if (!page.ok()) {
      EXPECT_EQ(page.status().code(), StatusCode::kResourceExhausted);
      break;
    }
    pages.push_back(*std::move(page));
  }
  EXPECT_EQ(pages.size() * pool.page_bytes(), slab);
  pages.pop_back();
  EXPECT_TRUE(pool.Allocate().ok());
}

}  // namespace
}  // namespace dynsplit
