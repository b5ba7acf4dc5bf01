#include "kernels/run_score_simd.h"

#include <algorithm>
#include <cmath>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/run_score_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/exp-inl.h"
#include "kernels/query_columns-inl.h"
#include "kernels/score_cap-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

struct Work {
  size_t num_runs = 0;
  float* columns = nullptr;
  float* means = nullptr;
  float* lse = nullptr;
  float* scores = nullptr;
};

// scores [num_runs, kVecs vectors].
template <size_t kVecs>
void ScoreRuns(const RunScoreArgs& args, const Work& work) {
  const size_t head_dim = static_cast<size_t>(args.head_dim);
  for (size_t first = 0; first < work.num_runs; first += kMeanChunk) {
    const size_t count = std::min<size_t>(kMeanChunk, work.num_runs - first);
    LoadRows(args.chunks[first / kMeanChunk], count, head_dim, work.means);
    ClearPadding(count, head_dim, work.means);
    const size_t width = kVecs * hn::Lanes(Tag());
    float* scores = work.scores + first * width;
    Multiply<kVecs>(work.means, count, head_dim, work.columns, scores);
    CapIfAny(scores, count * width, 1, args.score_cap);  // the columns are scaled
  }
}

// The log-sum-exp of one vector's column; infinite where a lane is padding.
template <size_t kVecs>
HWY_INLINE void SumColumn(const Work& work, size_t vec, size_t used) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  const float* scores = work.scores + vec * lanes;
  Vec max = hn::Set(d, hwy::LowestValue<float>());
  for (size_t i = 0; i < work.num_runs; ++i) {
    max = hn::Max(max, hn::Load(d, scores + i * kVecs * lanes));
  }
  Vec sum = hn::Zero(d);
  for (size_t i = 0; i < work.num_runs; ++i) {
    sum = hn::Add(sum, FastExp(d, hn::Sub(hn::Load(d, scores + i * kVecs * lanes), max)));
  }
  HWY_ALIGN float sums[hn::MaxLanes(d)];
  float* lse = work.lse + vec * lanes;
  hn::Store(sum, d, sums);
  hn::Store(max, d, lse);
  for (size_t i = 0; i < lanes; ++i) lse[i] = i < used ? lse[i] + std::log(sums[i]) : INFINITY;
}

// Raises worth, in logarithms, to the best of one block of queries.
template <size_t kVecs>
void RaiseWorth(const Work& work, float* worth) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  Vec lse[kVecs];
  Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA { lse[v] = hn::Load(d, work.lse + v * lanes); });
  for (size_t run = 0; run < work.num_runs; ++run) {
    const float* scores = work.scores + run * kVecs * lanes;
    Vec best = hn::Sub(hn::Load(d, scores), lse[0]);
    for (size_t v = 1; v < kVecs; ++v) {
      best = hn::Max(best, hn::Sub(hn::Load(d, scores + v * lanes), lse[v]));
    }
    worth[run] = std::max(worth[run], hn::GetLane(hn::MaxOfLanes(d, best)));
  }
}

template <size_t kVecs>
void AddQueries(const RunScoreArgs& args, const Work& work, size_t queries, float* worth) {
  ScoreRuns<kVecs>(args, work);
  const size_t lanes = hn::Lanes(Tag());
  for (size_t v = 0; v < kVecs; ++v) {
    SumColumn<kVecs>(work, v, std::min(queries, (v + 1) * lanes) - std::min(queries, v * lanes));
  }
  RaiseWorth<kVecs>(work, worth);
}

void RunScoreTarget(const RunScoreArgs& args, float* scratch, float* worth) {
  const size_t num_runs = static_cast<size_t>(args.num_runs);
  const RunScratch at(static_cast<size_t>(args.head_dim), num_runs);
  const Work work = {num_runs, scratch + at.columns, scratch + at.means, scratch + at.lse,
                     scratch + at.scores};
  const QueryRows queries = {.queries = args.queries,
                             .row_stride = args.query_row_stride,
                             .rows = static_cast<size_t>(args.rows),
                             .group_heads = static_cast<size_t>(args.group_heads),
                             .head_dim = static_cast<size_t>(args.head_dim),
                             .scale = args.scale};
  std::fill_n(worth, num_runs, -INFINITY);
  ForBlocks(queries.count(), [&](const Block& block) DYNSPLIT_SIMD_LAMBDA {
    LoadColumns(queries, block, work.columns);
    if (block.vecs == 3) AddQueries<3>(args, work, block.queries, worth);
    if (block.vecs == 2) AddQueries<2>(args, work, block.queries, worth);
    if (block.vecs == 1) AddQueries<1>(args, work, block.queries, worth);
  });
  for (size_t run = 0; run < num_runs; ++run) worth[run] = std::exp(worth[run]);
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(RunScoreTarget);

void RunScoreSimd(const RunScoreArgs& args, float* scratch, float* worth) {
  HWY_DYNAMIC_DISPATCH(RunScoreTarget)(args, scratch, worth);
}

}  // namespace dynsplit
#endif
