#include "kernels/causal_attention.h"

#include "kernels/kernel_fixture.h"
#include "kernels/tile_attention.h"

namespace dynsplit {
namespace {

struct CausalResult {
  std::vector<float> outputs;  // [rows, group_heads * head_dim + 3]
  std::vector<float> lse;      // [rows, group_heads + 2]
};

class CausalAttentionTest : public KernelTest {
 protected:
  // Strides are wider than the rows, so that what lies between rows can be seen to stay.
  CausalAttentionArgs Args(const KvView& kv, int rows, int64_t first_position, double spread = 1) {
    CausalAttentionArgs args;
    args.rows = rows;
    args.group_heads = group_heads();
    args.scale = scale();
    args.first_position = first_position;
    args.kv = kv;
    args.query_row_stride = RowValues() + 7;
    args.output_row_stride = RowValues() + 3;
    args.lse_row_stride = group_heads() + 2;
    queries_ = RandomFloats(rng_, static_cast<size_t>(rows * args.query_row_stride), spread);
    args.queries = queries_.data();
    return args;
  }

  int64_t RowValues() const { return int64_t{group_heads()} * head_dim(); }

  CausalResult Run(CausalAttentionArgs args, bool reference) {
    CausalResult result;
    result.outputs.assign(static_cast<size_t>(args.rows * args.output_row_stride), 9.0f);
    result.lse.assign(static_cast<size_t>(args.rows * args.lse_row_stride), 9.0f);
    args.outputs = result.outputs.data();
    args.lse = result.lse.data();
    if (reference) {
      CausalAttentionRef(args);
    } else {
      AlignedBuffer<float> scratch(CausalAttentionScratch(head_dim(), head_dim(), group_heads()));
      for (float& value : scratch.span()) value = NAN;
      CausalAttention(args, scratch.data());
    }
    return result;
  }

  void ExpectLikeReference(const CausalAttentionArgs& args, double slack = 1) {
    const CausalResult got = Run(args, false);
    const CausalResult want = Run(args, true);
    ExpectNear(got.outputs, want.outputs, slack * tolerance());
    ExpectNear(got.lse, want.lse, slack * tolerance());
  }

  std::vector<float> queries_;
};

TEST_P(CausalAttentionTest, FewRowsFromTheStart) {
  ForGroupSizes([&] {
    for (int rows : {1, 2, 3, 5, 9, 17}) {
      const RandomPages pages(rng_, rows, head_dim());
      ExpectLikeReference(Args(pages.View(), rows, 0));
    }
  });
}

TEST_P(CausalAttentionTest, RowsThatCrossPages) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 132, head_dim());
    ExpectLikeReference(Args(pages.View(), 1, 63));
    ExpectLikeReference(Args(pages.View(), 1, 64));
    ExpectLikeReference(Args(pages.View(), 7, 61));
    ExpectLikeReference(Args(pages.View(), 6, 126));
  });
}

TEST_P(CausalAttentionTest, LargeScoresNeitherOverflowNorVanish) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 70, head_dim(), 4);
    // The rounding of a score of 80 is a relative error of its weight.
    ExpectLikeReference(Args(pages.View(), 3, 67, 5), 10);
  });
}

TEST_P(CausalAttentionTest, LogSumExpIsOptional) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 20, head_dim());
    CausalAttentionArgs args = Args(pages.View(), 2, 18);
    const CausalResult with = Run(args, false);
    std::vector<float> outputs(with.outputs.size(), 9.0f);
    args.outputs = outputs.data();
    AlignedBuffer<float> scratch(CausalAttentionScratch(head_dim(), head_dim(), group_heads()));
    CausalAttention(args, scratch.data());
    EXPECT_EQ(outputs, with.outputs);
  });
}

TEST_P(CausalAttentionTest, SeesEarlierRangesAndWhatFollowsTheDenseStart) {
  const TokenRange ranges[] = {{0, 4}, {9, 10}, {40, 150}, {151, 158}, {190, 192}};
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 330, head_dim());
    for (const int count : {0, 1, 3, 5}) {
      CausalAttentionArgs args = Args(pages.View(), 17, 300);
      args.earlier = ranges;
      args.num_earlier = count;
      args.dense_start = 256;
      ExpectLikeReference(args);
    }
  });
}

// Windows that begin and end anywhere in pages, of one key and of more than there are.
TEST_P(CausalAttentionTest, ARowSeesTheLastKeysOfItsWindow) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 200, head_dim());
    for (const int64_t window : {1, 17, 64, 65, 250}) {
      for (const int rows : {1, 17}) {
        CausalAttentionArgs args = Args(pages.View(), rows, 200 - rows);
        args.window = window;
        const int64_t first = std::max<int64_t>(0, args.first_position + 1 - window);
        args.dense_start = first / kPageTokens * kPageTokens;
        ExpectLikeReference(args);
      }
    }
  });
}

TEST_P(CausalAttentionTest, PagesBehindTheWindowAreNotRead) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 330, head_dim());
    CausalAttentionArgs args = Args(pages.View(), 10, 320);
    args.window = 70;  // keys 251 and on
    args.dense_start = 192;
    const CausalResult want = Run(args, false);
    std::vector<const f16*> keys(6, nullptr), values(6, nullptr);
    for (size_t page = 3; page < 6; ++page) {
      keys[page] = pages.View().keys[page];
      values[page] = pages.View().values[page];
    }
    args.kv = {keys.data(), values.data(), head_dim()};
    const CausalResult got = Run(args, false);
    EXPECT_EQ(got.outputs, want.outputs);
    EXPECT_EQ(got.lse, want.lse);
  });
}

// Of keys and values that are there only while a step reads them.
TEST_P(CausalAttentionTest, StepsGiveWhatOneCallGives) {
  const TokenRange earlier[] = {{3, 67}, {67, 100}};
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 330, head_dim());
    CausalAttentionArgs args = Args(pages.View(), 17, 300);
    args.earlier = earlier;
    args.num_earlier = 2;
    args.dense_start = 128;
    const CausalResult whole = Run(args, false);
    CausalResult steps = whole;
    std::fill(steps.outputs.begin(), steps.outputs.end(), 9.0f);
    std::fill(steps.lse.begin(), steps.lse.end(), 9.0f);
    args.outputs = steps.outputs.data();
    args.lse = steps.lse.data();
    AlignedBuffer<float> scratch(CausalAttentionScratch(head_dim(), head_dim(), group_heads()));
    std::vector<const f16*> keys, values;
    const auto show = [&](TokenRange tokens) {
      keys.assign(6, nullptr);
      values.assign(6, nullptr);
      for (int64_t page = tokens.start / kPageTokens; page * kPageTokens < tokens.end; ++page) {
        keys[static_cast<size_t>(page)] = pages.View().keys[page];
        values[static_cast<size_t>(page)] = pages.View().values[page];
      }
      args.kv = {keys.data(), values.data(), head_dim()};
    };
    show({});
    CausalAttentionStart(args, scratch.data());
    args.num_earlier = 1;
    for (const TokenRange& some : earlier) {
      show(some);
      args.earlier = &some;
      CausalAttentionAddEarlier(args, scratch.data());
    }
    for (const TokenRange& some : {TokenRange{128, 192}, TokenRange{192, 317}}) {
      show(some);
      CausalAttentionAdd(args, some, scratch.data());
    }
    CausalAttentionFinish(args, scratch.data());
    EXPECT_EQ(steps.outputs, whole.outputs);
    EXPECT_EQ(steps.lse, whole.lse);
  });
}

TEST_P(CausalAttentionTest, AllOfWhatIsEarlierEqualsDense) {
  const TokenRange ranges[] = {{0, 7}, {7, 100}, {100, 128}};
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 140, head_dim());
    CausalAttentionArgs args = Args(pages.View(), 9, 131);
    const CausalResult dense = Run(args, false);
    args.earlier = ranges;
    args.num_earlier = 3;
    args.dense_start = 128;
    const CausalResult selected = Run(args, false);
    ExpectNear(selected.outputs, dense.outputs, tolerance());
    ExpectNear(selected.lse, dense.lse, tolerance());
  });
}

// Row i equals decoding attention over the keys 0..first_position + i.
TEST_P(CausalAttentionTest, EachRowEqualsTileAttention) {
  ForGroupSizes([&] {
    const int64_t first = 40;
    const RandomPages pages(rng_, first + kMaxQueryRows, head_dim());
    const CausalAttentionArgs args = Args(pages.View(), kMaxQueryRows, first);
    const CausalResult all = Run(args, false);
    for (int row = 0; row < kMaxQueryRows; row += 21) {
      const int32_t tokens = static_cast<int32_t>(first) + row + 1;
      const Tile tiles[] = {{0, std::min(tokens, 64)}, {64, std::max(tokens - 64, 0)}};
      TileAttentionArgs tile_args;
      tile_args.queries = args.queries + row * args.query_row_stride;
      tile_args.group_heads = group_heads();
      tile_args.scale = scale();
      tile_args.kv = args.kv;
      tile_args.tiles = tiles;
      tile_args.num_tiles = 2;
      std::vector<SoftmaxState> states(group_heads());
      std::vector<float> want(RowValues());
      TileAttention(tile_args, states.data(), want.data());
      for (int64_t i = 0; i < RowValues(); ++i) want[i] /= states[i / head_dim()].sum;
      const float* got = all.outputs.data() + row * args.output_row_stride;
      ExpectNear({got, got + RowValues()}, want, tolerance());
    }
  });
}

INSTANTIATE_TEST_SUITE_P(All, CausalAttentionTest, KernelCases(5e-6), KernelCaseName);

class CausalAttentionIsaTest : public IsaTest {};

TEST_P(CausalAttentionIsaTest, TwoRowsByHand) {
  AlignedBuffer<f16> keys(PageElements(16)), values(PageElements(16));
  for (f16& value : keys.span()) value = 0x7e00;
  for (f16& value : values.span()) value = 0x7e00;
  std::fill_n(keys.data(), 32, f16{0});
  keys[16] = 0x3c00;                              // key 1 = (1, 0, ...)
  std::fill_n(values.data(), 16, F16FromF32(3));  // values 3 and 7
  std::fill_n(values.data() + 16, 16, F16FromF32(7));
  const f16* key_pages[] = {keys.data()};
  const f16* value_pages[] = {values.data()};
  float queries[32] = {};
  queries[0] = queries[16] = std::log(3.0f);  // weights 1 : 3
  float outputs[32], lse[2];
  CausalAttentionArgs args;
  args.queries = queries;
  args.query_row_stride = 16;
  args.rows = 2;
  args.kv = {key_pages, value_pages, 16};
  args.outputs = outputs;
  args.output_row_stride = 16;
  args.lse = lse;
  args.lse_row_stride = 1;
  AlignedBuffer<float> scratch(CausalAttentionScratch(16, 16, 1));
  CausalAttention(args, scratch.data());
  EXPECT_FLOAT_EQ(outputs[0], 3);
  EXPECT_FLOAT_EQ(outputs[16], 6);
  EXPECT_FLOAT_EQ(lse[0], 0);
  EXPECT_FLOAT_EQ(lse[1], std::log(4.0f));
}

INSTANTIATE_TEST_SUITE_P(All, CausalAttentionIsaTest, ::testing::ValuesIn(AvailableIsas()),
                         IsaCaseName);

}  // namespace
}  // namespace dynsplit
