#include "kernels/summary_score_simd.h"

#include <algorithm>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/summary_score_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/for_vectors-inl.h"
#include "kernels/rows-inl.h"
#include "kernels/rows_int2-inl.h"
#include "kernels/rows_int8-inl.h"
#include "kernels/score_cap-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

// Dot products are made for this many rows at a time, so that they stay in the first cache. With
// kMaxHeads heads, 4.5 KiB.
constexpr size_t kChunkDots = 192;

// Scores of `heads` <= kMaxHeads heads. dot(first row, rows, dots) makes the dot products with
// consecutive rows.
template <typename Dot>
void ScoreHeads(const SummaryScoreArgs& args, size_t heads, const Dot& dot,
                HeadArray<float> scores) {
  HWY_ALIGN_MAX float dots[kMaxHeads * kChunkDots];
  const size_t rows = static_cast<size_t>(SummaryRows(args.kind, args.vectors));
  const size_t num_blocks = static_cast<size_t>(args.num_blocks);
  const size_t per_chunk = kChunkDots / rows;
  for (size_t block = 0; block < num_blocks; block += per_chunk) {
    const size_t count = std::min(per_chunk, num_blocks - block);
    dot(block * rows, count * rows, HeadArray<float>{dots, kChunkDots});
    for (size_t h = 0; h < heads; ++h) {
      float* of_row = dots + h * kChunkDots;
      const float scale = CapIfAny(of_row, count * rows, args.scale, args.score_cap);
      if (args.every_row) {
        float* score = scores.Head(h) + block * rows;
        for (size_t i = 0; i < count * rows; ++i) score[i] = of_row[i] * scale;
        continue;
      }
      float* score = scores.Head(h) + block;
      for (size_t b = 0; b < count; ++b, of_row += rows) {
        float best = of_row[0];
        for (size_t i = 1; i < rows; ++i) best = std::max(best, of_row[i]);
        score[b] = best * scale;
      }
    }
  }
}

// queries [heads, length]
void ScoreF16(const SummaryScoreArgs& args, HeadArray<const float> queries, size_t heads,
              HeadArray<float> scores) {
  const size_t length = queries.stride;
  ScoreHeads(
      args, heads,
      [&](size_t first, size_t count, HeadArray<float> dots) DYNSPLIT_SIMD_LAMBDA {
        DotRows(queries, heads, {args.summaries.f16s + first * length, count, length}, dots);
      },
      scores);
}

void ScoreInt8(const SummaryScoreArgs& args, HeadArray<const float> queries, size_t heads,
               HeadArray<float> scores) {
  const size_t length = queries.stride;
  HWY_ALIGN_MAX int16_t rounded[kMaxHeads * kMaxInt8Length];
  float query_scales[kMaxHeads];
  for (size_t h = 0; h < heads; ++h) {
    query_scales[h] = QuantizeQuery(queries.Head(h), length, rounded + h * length);
  }
  HWY_ALIGN_MAX int32_t sums[kMaxHeads * kChunkDots];
  const auto dot = [&](size_t first, size_t count, HeadArray<float> dots) DYNSPLIT_SIMD_LAMBDA {
    DotInt8Rows({rounded, length}, heads, {args.summaries.int8s + first * length, count, length},
                {sums, kChunkDots});
    const float* scales = args.summaries.scales + first;
    for (size_t h = 0; h < heads; ++h) {
      ForVectors(
          RowTag(), static_cast<int64_t>(count), [&](auto d, int64_t i) DYNSPLIT_SIMD_LAMBDA {
            const hn::RebindToSigned<decltype(d)> di;
            const auto sum = hn::ConvertTo(d, hn::LoadU(di, sums + h * kChunkDots + i));
            const auto scale = hn::Mul(hn::LoadU(d, scales + i), hn::Set(d, query_scales[h]));
            hn::StoreU(hn::Mul(sum, scale), d, dots.Head(h) + i);
          });
    }
  };
  ScoreHeads(args, heads, dot, scores);
}

// Of what is scored next.
HWY_INLINE void FetchGroups(const SummaryScoreArgs& args, size_t first, size_t count) {
  for (size_t group = first; group < first + count; ++group) {
    const uint8_t* line = args.next.int2s + Int2FirstLine(args.head_dim, group);
    for (int j = 0; j < args.head_dim; j += kInt2LineChannels, line += kInt2LineStride) {
      hwy::Prefetch(line);
    }
  }
}

// Some heads' queries, rounded for the one scale of the vectors that they score.
class Int2Scorer {
 public:
  Int2Scorer(const SummaryScoreArgs& args, HeadArray<const float> queries, size_t heads,
             float factor)
      : args_(args), heads_(heads), head_dim_(queries.stride) {
    for (size_t h = 0; h < heads; ++h) {
      queries_[h] =
          MakeInt2Query(queries.Head(h), args.summaries.int2_scale, head_dim_,
                        {.count = head_dim_ / kInt2LineChannels}, factor, steps_ + h * head_dim_);
    }
  }

  // Scores vectors [first, first + count), counted from the summaries' first one.
  void Score(size_t first, size_t count, HeadArray<float> scores) const {
    const size_t begin = first + static_cast<size_t>(args_.summaries.int2_first);
    for (size_t vector = begin; vector < begin + count;) {
      const size_t group = vector / kInt2Group, in_group = vector % kInt2Group;
      const size_t left = begin + count - vector;
      const HeadArray<float> to = {scores.first + (vector - begin), scores.stride};
      if (in_group == 0 && left >= kInt2Group) {
        const size_t groups = std::min(left / kInt2Group, kGroupsAtOnce);
        ScoreGroups(group, groups, to);
        vector += groups * kInt2Group;
        continue;
      }
      // What the blocks have of a group is taken.
      const size_t taken = std::min(kInt2Group - in_group, left);
      HWY_ALIGN_MAX float room[kMaxHeads * kInt2Group];
      ScoreGroups(group, 1, {room, kInt2Group});
      for (size_t h = 0; h < heads_; ++h) {
        std::copy_n(room + h * kInt2Group + in_group, taken, to.Head(h));
      }
      vector += taken;
    }
  }

 private:
  // What comes next is fetched as these are scored: more lines at a time would have to wait.
  static constexpr size_t kGroupsAtOnce = 2;

  void ScoreGroups(size_t first, size_t count, HeadArray<float> scores) const {
    if (args_.next.int2s != nullptr && args_.runs.empty()) FetchGroups(args_, first, count);
    DotInt2Groups(queries_, {steps_, head_dim_}, heads_,
                  {args_.summaries.int2s, first, count, head_dim_}, scores);
  }

  const SummaryScoreArgs& args_;
  size_t heads_;
  size_t head_dim_;
  Int2Query queries_[kMaxHeads];
  int8_t steps_[kMaxHeads * kMaxHeadDim];  // [heads, head_dim]
};

HWY_INLINE void FetchRuns(const SummaryScoreArgs& args) {
  for (const BlockRun& run : args.next_runs) {
    const int64_t first = args.next.int2_first + run.first * args.vectors;
    const int64_t end = first + run.count * args.vectors;
    const auto group = static_cast<size_t>(first / kInt2Group);
    FetchGroups(args, group, static_cast<size_t>((end + kInt2Group - 1) / kInt2Group) - group);
  }
}

void ScoreInt2(const SummaryScoreArgs& args, HeadArray<const float> queries, size_t heads,
               HeadArray<float> scores) {
  if (args.next.int2s != nullptr) {
    FetchValues(args.next.int2_scale, Int2ScaleElements(args.head_dim));
    FetchRuns(args);
  }
  // Scores of every row that nothing caps are these products themselves.
  const bool uncapped_rows = args.every_row && args.score_cap == 0;
  const Int2Scorer scorer(args, queries, heads, uncapped_rows ? args.scale : 1.0f);
  const auto score_run = [&](const BlockRun& run, HeadArray<float> to) DYNSPLIT_SIMD_LAMBDA {
    const auto before = static_cast<size_t>(run.first * args.vectors);
    if (uncapped_rows) {
      scorer.Score(before, static_cast<size_t>(run.count * args.vectors), to);
      return;
    }
    SummaryScoreArgs alone = args;
    alone.num_blocks = run.count;
    ScoreHeads(
        alone, heads,
        [&](size_t first, size_t count, HeadArray<float> dots)
            DYNSPLIT_SIMD_LAMBDA { scorer.Score(before + first, count, dots); },
        to);
  };
  if (args.runs.empty()) return score_run({0, args.num_blocks}, scores);
  for (const BlockRun& run : args.runs) {
    score_run(run, scores);
    scores.first += run.count * (args.every_row ? args.vectors : 1);
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
  const size_t stride = static_cast<size_t>(score_stride);
  const auto score = args.summaries.f16s != nullptr    ? ScoreF16
                     : args.summaries.int8s != nullptr ? ScoreInt8
                                                       : ScoreInt2;
  ForHeadChunks(static_cast<size_t>(args.group_heads), [&](size_t first, size_t count) HWY_ATTR {
    const float* queries = args.queries + first * head_dim;
    const HeadArray<float> chunk_scores = {scores + first * stride, stride};
    if (args.kind == SummaryKind::kMean) {
      score(args, {queries, head_dim}, count, chunk_scores);
      return;
    }
    HWY_ALIGN_MAX float parts[kMaxHeads * 2 * kMaxHeadDim];
    for (size_t h = 0; h < count; ++h) {
      SplitSigns(queries + h * head_dim, head_dim, parts + h * 2 * head_dim);
    }
    score(args, {parts, 2 * head_dim}, count, chunk_scores);
  });
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(SummaryScoreTarget);

void SummaryScoreSimd(const SummaryScoreArgs& args, float* scores, int64_t score_stride) {
  HWY_DYNAMIC_DISPATCH(SummaryScoreTarget)(args, scores, score_stride);
}

}  // namespace dynsplit
#endif
