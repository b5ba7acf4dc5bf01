#include "kernels/summary_score_simd.h"

#include <algorithm>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/summary_score_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/exp-inl.h"
#include "kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

// Dot products are made for this many blocks at a time, so that they stay in the first cache. With
// 3 vectors per block and kMaxHeads heads, 4.5 KiB.
constexpr size_t kChunkDots = 192;

// Scores of `heads` <= kMaxHeads heads, as the maximum over the `vectors` rows of each block.
void ScoreHeads(HeadArray<const float> queries, size_t heads, const SummaryScoreArgs& args,
                Rows rows, size_t vectors, HeadArray<float> scores) {
  HWY_ALIGN_MAX float dots[kMaxHeads * kChunkDots];
  const size_t per_chunk = kChunkDots / vectors;
  const size_t num_blocks = rows.count / vectors;
  for (size_t block = 0; block < num_blocks; block += per_chunk) {
    const size_t count = std::min(per_chunk, num_blocks - block);
    const f16* first = rows.first + block * vectors * rows.length;
    DotRows(queries, heads, {first, count * vectors, rows.length}, {dots, kChunkDots});
    for (size_t h = 0; h < heads; ++h) {
      const float* dot = dots + h * kChunkDots;
      float* score = scores.Head(h) + block;
      for (size_t b = 0; b < count; ++b, dot += vectors) {
        score[b] = *std::max_element(dot, dot + vectors) * args.scale;
      }
    }
  }
}

// max(q * min, q * max) is min(q, 0) * min + max(q, 0) * max, so a block's bound is one dot product
// of its two vectors, as one row, with the query's negative and positive parts side by side.
void SplitSigns(const float* query, size_t head_dim, float* parts) {
  for (size_t j = 0; j < head_dim; ++j) {
    parts[j] = std::min(query[j], 0.0f);
    parts[head_dim + j] = std::max(query[j], 0.0f);
  }
}

void SummaryScoreTarget(const SummaryScoreArgs& args, float* scores, int64_t score_stride) {
  const size_t head_dim = static_cast<size_t>(args.head_dim);
  const size_t vectors = static_cast<size_t>(args.vectors);
  const size_t num_rows = static_cast<size_t>(args.num_blocks) * vectors;
  const size_t stride = static_cast<size_t>(score_stride);
  ForHeadChunks(static_cast<size_t>(args.group_heads), [&](size_t first, size_t count) HWY_ATTR {
    const float* queries = args.queries + first * head_dim;
    const HeadArray<float> chunk_scores = {scores + first * stride, stride};
    if (args.kind == SummaryKind::kMean) {
      ScoreHeads({queries, head_dim}, count, args, {args.summaries, num_rows, head_dim}, vectors,
                 chunk_scores);
      return;
    }
    HWY_ALIGN_MAX float parts[kMaxHeads * 2 * kMaxHeadDim];
    for (size_t h = 0; h < count; ++h) {
      SplitSigns(queries + h * head_dim, head_dim, parts + h * 2 * head_dim);
    }
    ScoreHeads({parts, 2 * head_dim}, count, args, {args.summaries, num_rows / 2, 2 * head_dim}, 1,
               chunk_scores);
  });
}

// Calls fn(tag, i) for i in [0, count) in steps of Lanes(tag): whole vectors, then single values.
template <typename Fn>
HWY_INLINE void ForVectors(int64_t count, const Fn& fn) {
  const RowTag d;
  const hn::CappedTag<float, 1> d1;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) fn(d, i);
  for (; i < count; ++i) fn(d1, i);
}

// Turns scores into exp(score - maximum); returns their sum.
float Exponentials(float* scores, int64_t count) {
  const RowTag d;
  RowVec maxima = hn::Set(d, scores[0]);
  float max = scores[0];
  ForVectors(count, [&](auto tag, int64_t i) DYNSPLIT_SIMD_LAMBDA {
    if constexpr (hn::MaxLanes(tag) == hn::MaxLanes(d)) {
      maxima = hn::Max(maxima, hn::LoadU(tag, scores + i));
    } else {
      max = std::max(max, scores[i]);
    }
  });
  max = std::max(max, hn::GetLane(hn::MaxOfLanes(d, maxima)));
  RowVec sums = hn::Zero(d);
  float sum = 0;
  ForVectors(count, [&](auto tag, int64_t i) DYNSPLIT_SIMD_LAMBDA {
    const auto power = FastExp(tag, hn::Sub(hn::LoadU(tag, scores + i), hn::Set(tag, max)));
    hn::StoreU(power, tag, scores + i);
    if constexpr (hn::MaxLanes(tag) == hn::MaxLanes(d)) {
      sums = hn::Add(sums, power);
    } else {
      sum += scores[i];
    }
  });
  return sum + hn::GetLane(hn::SumOfLanes(d, sums));
}

void PoolScoresTarget(float* scores, int64_t score_stride, int group_heads, int64_t num_blocks,
                      float* pooled) {
  for (int head = 0; head < group_heads; ++head) {
    float* row = scores + head * score_stride;
    const float weight = 1 / (Exponentials(row, num_blocks) * static_cast<float>(group_heads));
    ForVectors(num_blocks, [&](auto tag, int64_t i) DYNSPLIT_SIMD_LAMBDA {
      const auto so_far = head == 0 ? hn::Zero(tag) : hn::LoadU(tag, pooled + i);
      const auto power = hn::LoadU(tag, row + i);
      hn::StoreU(hn::MulAdd(power, hn::Set(tag, weight), so_far), tag, pooled + i);
    });
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(SummaryScoreTarget);
HWY_EXPORT(PoolScoresTarget);

void SummaryScoreSimd(const SummaryScoreArgs& args, float* scores, int64_t score_stride) {
  HWY_DYNAMIC_DISPATCH(SummaryScoreTarget)(args, scores, score_stride);
}

void PoolScoresSimd(float* scores, int64_t score_stride, int group_heads, int64_t num_blocks,
                    float* pooled) {
  HWY_DYNAMIC_DISPATCH(PoolScoresTarget)(scores, score_stride, group_heads, num_blocks, pooled);
}

}  // namespace dynsplit
#endif
