#include "kernels/append_rows.h"

#include <limits>

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

class AppendRowsIsaTest : public IsaTest {};

TEST_P(AppendRowsIsaTest, WritesKeysAndValuesOfOneToken) {
  std::vector<float> keys(16), values(16);
  for (int j = 0; j < 16; ++j) {
    keys[j] = static_cast<float>(j);
    values[j] = -0.5f * static_cast<float>(j);
  }
  AlignedBuffer<f16> key_page(PageElements(16)), value_page(PageElements(16));
  for (f16& value : key_page.span()) value = 0x7e00;
  for (f16& value : value_page.span()) value = 0x7e00;
  f16* const key_pages[] = {key_page.data()};
  f16* const value_pages[] = {value_page.data()};
  AppendRows({keys.data(), values.data(), 16, 2, 1, 16, key_pages, value_pages});
  EXPECT_EQ(key_page[2 * 16 + 1], 0x3c00);    // 1.0
  EXPECT_EQ(value_page[2 * 16 + 2], 0xbc00);  // -1.0
  for (const AlignedBuffer<f16>* page : {&key_page, &value_page}) {
    EXPECT_EQ((*page)[2 * 16 - 1], 0x7e00);  // neighbours untouched
    EXPECT_EQ((*page)[3 * 16], 0x7e00);
  }
}

// Values at which conversions go wrong: ties, subnormals, overflow, infinities.
std::vector<float> HardValues() {
  std::vector<float> values;
  for (uint32_t bits = 0; bits < 0x7c00; bits += 3) {
    const float value = F32FromF16(static_cast<f16>(bits));
    const float next = F32FromF16(static_cast<f16>(bits + 1));
    const float middle = bits == 0x7bff ? 65520.0f : value + (next - value) / 2;
    for (float v : {value, middle, std::nextafter(middle, 0.0f), std::nextafter(middle, 1e30f)}) {
      values.push_back(v);
      values.push_back(-v);
    }
  }
  for (float v : {65519.0f, 65520.0f, 1e38f, std::numeric_limits<float>::infinity(), 1e-40f}) {
    values.push_back(v);
    values.push_back(-v);
  }
  return values;
}

TEST_P(AppendRowsIsaTest, ConvertsHardValuesLikeTheReference) {
  std::vector<float> values = HardValues();
  values.resize(values.size() / 16 * 16 + 16, 0.0f);
  const int rows = static_cast<int>(values.size() / 16);
  Rng rng(1);
  RandomPages got(rng, rows, 16), want(rng, rows, 16);
  AppendRows({values.data(), values.data(), 16, 0, rows, 16, got.key_pages(), got.value_pages()});
  AppendRowsRef(
      {values.data(), values.data(), 16, 0, rows, 16, want.key_pages(), want.value_pages()});
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < 16; ++j) {
      ASSERT_EQ(got.Key(i)[j], want.Key(i)[j]) << values[i * 16 + j];
      ASSERT_EQ(got.Value(i)[j], want.Value(i)[j]) << values[i * 16 + j];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, AppendRowsIsaTest, ::testing::ValuesIn(AvailableIsas()), IsaCaseName);

class AppendRowsTest : public KernelTest {};

TEST_P(AppendRowsTest, RowsAcrossPagesWithAStride) {
  const int64_t stride = head_dim() + 5;
  for (int rows : {0, 1, 3, 64, 130}) {
    for (int64_t first : {0, 1, 63, 64, 100}) {
      const auto keys = RandomFloats(rng_, static_cast<size_t>(rows * stride));
      const auto values = RandomFloats(rng_, static_cast<size_t>(rows * stride));
      RandomPages got(rng_, first + rows, head_dim());
      Rng other(3);
      RandomPages want(other, first + rows, head_dim());
      for (int64_t i = 0; i < first; ++i) {
        std::copy_n(got.Key(i), head_dim(), want.Key(i));
        std::copy_n(got.Value(i), head_dim(), want.Value(i));
      }
      AppendRows({keys.data(), values.data(), stride, first, rows, head_dim(), got.key_pages(),
                  got.value_pages()});
      AppendRowsRef({keys.data(), values.data(), stride, first, rows, head_dim(), want.key_pages(),
                     want.value_pages()});
      for (int64_t i = 0; i < first + rows; ++i) {
        ASSERT_TRUE(std::equal(got.Key(i), got.Key(i) + head_dim(), want.Key(i))) << i;
        ASSERT_TRUE(std::equal(got.Value(i), got.Value(i) + head_dim(), want.Value(i))) << i;
      }
    }
  }
}

TEST_P(AppendRowsTest, RowsOf8BitsAreThoseOfTheReferenceAndOfWholePages) {
  const int rows = kPageTokens;
  const auto values = RandomFloats(rng_, static_cast<size_t>(rows * head_dim()));
  const size_t bytes = PageBytes(KvType::kQ8, head_dim());
  AlignedBuffer<f16> got(bytes / 2), want(bytes / 2), other(bytes / 2), whole(bytes / 2);
  f16 *got_page = got.data(), *want_page = want.data(), *other_page = other.data();
  // In two steps, of which the second begins within the page.
  for (const int first : {0, 5}) {
    AppendRowsArgs args = {.keys = values.data() + first * head_dim(),
                           .values = values.data() + first * head_dim(),
                           .row_stride = head_dim(),
                           .first_token = first,
                           .rows = first == 0 ? 5 : rows - 5,
                           .head_dim = head_dim(),
                           .key_pages = &got_page,
                           .value_pages = &other_page,
                           .type = KvType::kQ8};
    AppendRows(args);
    EXPECT_TRUE(std::equal(got.data(), got.data() + first * head_dim() / 2, other.data()));
    args.key_pages = args.value_pages = &want_page;
    AppendRowsRef(args);
  }
  EXPECT_TRUE(std::ranges::equal(got.span(), want.span()));
  EXPECT_TRUE(std::ranges::equal(got.span(), other.span()));
  // The same as of f16 rows, where these are exact.
  std::vector<f16> halves(values.size());
  std::vector<float> exact(values.size());
  std::transform(values.begin(), values.end(), halves.begin(), F16FromF32);
  std::transform(halves.begin(), halves.end(), exact.begin(), F32FromF16);
  AppendRows({exact.data(), exact.data(), head_dim(), 0, rows, head_dim(), &got_page, &other_page,
              KvType::kQ8});
  EncodePage(KvType::kQ8, halves.data(), head_dim(), whole.data());
  EXPECT_TRUE(std::ranges::equal(got.span(), whole.span()));
}

INSTANTIATE_TEST_SUITE_P(All, AppendRowsTest, KernelCases(0), KernelCaseName);

}  // namespace
}  // namespace dynsplit
