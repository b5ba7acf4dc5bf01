// Eight blocks of random keys under three heads, and what attention gives the keys.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/kernel_fixture.h"
#include "select/select_fixture.h"

namespace dynsplit {

inline constexpr int kHeadDim = 16;
inline constexpr int kHeads = 3;
inline constexpr int64_t kTokens = 230;

class RefineFixture : public ::testing::Test {
 protected:
  // Block 0 is the sink; the last 70 tokens are recent.
  SelectInput Input(int64_t budget) {
    SelectInput input = InputOf(blocks_, budget);
    input.queries = queries_.data();
    input.group_heads = kHeads;
    input.scale = 0.5f;
    input.position = kTokens - 1;
    input.kv = pages_.View();
    input.first_block = 1;
    return input;
  }

  // exp of a head's score of a key.
  double Power(int head, int64_t token) {
    double dot = 0;
    for (int j = 0; j < kHeadDim; ++j) {
      dot += double{queries_[head * kHeadDim + j]} * F32FromF16(pages_.Key(token)[j]);
    }
    return std::exp(0.5 * dot);
  }
  double Powers(int head, int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t token = begin; token < end; ++token) sum += Power(head, token);
    return sum;
  }
  // Share of `block` in what the candidates, sink and recent get, mean over the heads.
  double Share(const Block& block, const std::vector<int32_t>& candidates) {
    double share = 0;
    for (int head = 0; head < kHeads; ++head) {
      double all = Powers(head, 0, blocks_[0].end()) + Powers(head, 160, kTokens);
      for (const int32_t b : candidates) all += Powers(head, blocks_[b].start, blocks_[b].end());
      share += Powers(head, block.start, block.end()) / all / kHeads;
    }
    return share;
  }

  Rng rng_{11};
  RandomPages pages_{rng_, kTokens, kHeadDim};
  std::vector<Block> blocks_ = BlocksOf({4, 6, 50, 1, 39, 30, 20, 10});
  std::vector<float> queries_ = RandomFloats(rng_, kHeads* kHeadDim);
};

}  // namespace dynsplit
