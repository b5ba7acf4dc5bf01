#include "kernels/page_codec.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

constexpr KvType kEncoded[] = {KvType::kQ8, KvType::kQ4};

// Beside half a step: a step is rounded up to f16, and so is what is decoded.
constexpr double kRounding = 0x1p-10;

struct Group {
  float min = std::numeric_limits<float>::max();
  float max = std::numeric_limits<float>::lowest();
};

class PageCodecTest : public KernelTest {
 protected:
  size_t d() const { return static_cast<size_t>(head_dim()); }
  AlignedBuffer<f16> EmptyPage(KvType type) const {
    AlignedBuffer<f16> page(PageBytes(type, head_dim()) / sizeof(f16));
    std::fill_n(page.data(), page.size(), f16{0x5555});
    return page;
  }

  // Channels of very different sizes, as those of keys are.
  std::vector<f16> Rows() {
    std::vector<f16> rows(PageElements(head_dim()));
    for (size_t j = 0; j < d(); ++j) {
      const double spread = std::exp2(static_cast<double>(rng_.Below(8)) - 4);
      for (size_t row = 0; row < kPageTokens; ++row) {
        rows[row * d() + j] = F16FromF32(RandomNormal(rng_, spread) + static_cast<float>(spread));
      }
    }
    return rows;
  }

  std::vector<f16> Decode(KvType type, const AlignedBuffer<f16>& page, RowRange range = {}) {
    std::vector<f16> rows(static_cast<size_t>(range.count) * d());
    DecodePage(type, page.data(), range, head_dim(), rows.data());
    return rows;
  }

  // The same of any type.
  std::vector<f16> RowsOf(KvType type, const AlignedBuffer<f16>& page, RowRange range) {
    if (type != KvType::kF16) return Decode(type, page, range);
    const f16* first = page.data() + static_cast<size_t>(range.first) * d();
    return {first, first + static_cast<size_t>(range.count) * d()};
  }

  // The values that element (row, j) shares its step with.
  Group GroupOf(KvType type, const std::vector<f16>& rows, size_t row, size_t j) const {
    Group group;
    for (size_t r = 0; r < kPageTokens; ++r) {
      for (size_t k = 0; k < d(); ++k) {
        const bool together =
            type == KvType::kQ4 ? k == j : r == row && k / kQ8Group == j / kQ8Group;
        if (!together) continue;
        group.min = std::min(group.min, F32FromF16(rows[r * d() + k]));
        group.max = std::max(group.max, F32FromF16(rows[r * d() + k]));
      }
    }
    return group;
  }

  void ExpectWithinBounds(KvType type, const std::vector<f16>& rows) {
    AlignedBuffer<f16> page = EmptyPage(type);
    EncodePage(type, rows.data(), head_dim(), page.data());
    const std::vector<f16> decoded = Decode(type, page);
    for (size_t i = 0; i < rows.size(); i += 7) {
      const Group group = GroupOf(type, rows, i / d(), i % d());
      const double largest = std::max(std::fabs(group.min), std::fabs(group.max));
      const double step = type == KvType::kQ8 ? largest / 127 : (group.max - group.min) / 15;
      // 2^-24 is the least f16 above 0, and so the least step.
      const double bound = (0.5 + 8 * kRounding) * step + kRounding * largest + 128 * 0x1p-24;
      ASSERT_NEAR(F32FromF16(decoded[i]), F32FromF16(rows[i]), bound)
          << "type " << static_cast<int>(type) << ", row " << i / d() << ", " << i % d();
    }
  }
};

TEST_P(PageCodecTest, EncodesLikeReferenceToTheBit) {
  for (const KvType type : kEncoded) {
    const std::vector<f16> rows = Rows();
    AlignedBuffer<f16> got = EmptyPage(type), want = EmptyPage(type);
    EncodePage(type, rows.data(), head_dim(), got.data());
    EncodePageRef(type, rows.data(), head_dim(), want.data());
    EXPECT_TRUE(std::ranges::equal(got.span(), want.span())) << static_cast<int>(type);
  }
}

TEST_P(PageCodecTest, DecodesLikeReferenceToTheBit) {
  for (const KvType type : kEncoded) {
    const std::vector<f16> rows = Rows();
    AlignedBuffer<f16> page = EmptyPage(type);
    EncodePage(type, rows.data(), head_dim(), page.data());
    for (const RowRange range :
         {RowRange{0, 64}, RowRange{1, 1}, RowRange{62, 2}, RowRange{7, 0}, RowRange{3, 30}}) {
      std::vector<f16> want(static_cast<size_t>(range.count) * d());
      DecodePageRef(type, page.data(), range, head_dim(), want.data());
      EXPECT_EQ(Decode(type, page, range), want) << static_cast<int>(type);
    }
  }
}

TEST_P(PageCodecTest, SomeRowsNeedOnlyTheirBytes) {
  for (const KvType type : {KvType::kF16, KvType::kQ8, KvType::kQ4}) {
    const std::vector<f16> rows = Rows();
    AlignedBuffer<f16> page(PageBytes(type, head_dim()) / sizeof(f16));
    if (type == KvType::kF16) {
      std::ranges::copy(rows, page.data());
    } else {
      EncodePage(type, rows.data(), head_dim(), page.data());
    }
    for (const RowRange range : {RowRange{0, 64}, RowRange{0, 1}, RowRange{63, 1}, RowRange{31, 1},
                                 RowRange{31, 2}, RowRange{32, 1}, RowRange{7, 9}}) {
      const PageBytesRange bytes = BytesOfRows(type, head_dim(), range);
      AlignedBuffer<f16> part = EmptyPage(type);
      const auto* from = reinterpret_cast<const std::byte*>(page.data());
      std::copy_n(from + bytes.first, bytes.count,
                  reinterpret_cast<std::byte*>(part.data()) + bytes.first);
      EXPECT_LE(bytes.first + bytes.count, PageBytes(type, head_dim()));
      EXPECT_EQ(RowsOf(type, part, range), RowsOf(type, page, range)) << static_cast<int>(type);
    }
    const PageBytesRange one = BytesOfRows(type, head_dim(), {16, 1});
    if (type != KvType::kQ8) {
      EXPECT_LT(one.count, PageBytes(type, head_dim()) / 2);
    }
  }
}

TEST_P(PageCodecTest, ErrorsAreWithinHalfAStep) {
  for (const KvType type : kEncoded) ExpectWithinBounds(type, Rows());
}

TEST_P(PageCodecTest, ExtremesStayFiniteAndWithinBounds) {
  const f16 most = F16FromF32(65504), least = F16FromF32(-65504);
  for (const KvType type : kEncoded) {
    for (const std::vector<f16>& values : {std::vector<f16>{0},
                                           {most},
                                           {least, most},
                                           {most, 0, 0},
                                           {f16{1}, f16{0x8001}},
                                           {f16{3}, 0, f16{1}},
                                           {F16FromF32(1), F16FromF32(1.001f)}}) {
      std::vector<f16> rows(PageElements(head_dim()));
      for (size_t i = 0; i < rows.size(); ++i) rows[i] = values[(i + i / d()) % values.size()];
      ExpectWithinBounds(type, rows);
    }
  }
}

TEST_P(PageCodecTest, OneValueIsKeptExactlyBy4Bits) {
  const std::vector<f16> rows(PageElements(head_dim()), F16FromF32(-0.3f));
  AlignedBuffer<f16> page = EmptyPage(KvType::kQ4);
  EncodePage(KvType::kQ4, rows.data(), head_dim(), page.data());
  EXPECT_EQ(Decode(KvType::kQ4, page), rows);
}

TEST_P(PageCodecTest, CopiesF16) {
  const std::vector<f16> rows = Rows();
  AlignedBuffer<f16> page(rows.size());
  std::copy(rows.begin(), rows.end(), page.data());
  const std::vector<f16> got = Decode(KvType::kF16, page, {5, 3});
  EXPECT_TRUE(std::equal(got.begin(), got.end(), rows.begin() + 5 * head_dim()));
}

TEST(PageBytesTest, PagesAreSoLarge) {
  EXPECT_EQ(PageBytes(KvType::kF16, 64), 8192u);
  EXPECT_EQ(PageBytes(KvType::kQ8, 64), 4352u);
  EXPECT_EQ(PageBytes(KvType::kQ4, 64), 2304u);
  EXPECT_EQ(PageBytes(KvType::kQ4, 128), 4608u);
  for (int head_dim = 16; head_dim <= kMaxHeadDim; head_dim += 16) {
    for (const KvType type : {KvType::kF16, KvType::kQ8, KvType::kQ4}) {
      EXPECT_EQ(PageBytes(type, head_dim) % 64, 0u) << head_dim;
      size_t last = 0;  // in f16 values: nothing of a page is left over
      for (const PageField& field : PageFields(type, static_cast<size_t>(head_dim), kPageTokens)) {
        last = std::max(last, field.first + field.count);
      }
      EXPECT_EQ(last * sizeof(f16), PageBytes(type, head_dim)) << head_dim;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, PageCodecTest, KernelCases(0), KernelCaseName);

}  // namespace
}  // namespace dynsplit
