#include "select/estimate.h"

#include <algorithm>

#include "base/check.h"
#include "kernels/pool_scores.h"
#include "kernels/summary_score.h"

namespace dynsplit {
namespace {

// Floats of a cache line: rows of scores start on one.
constexpr int64_t kRowAlign = 16;

static_assert(kGroupVectors <= kMaxScoreRows);

bool ByMass(const Method& method) { return method.block_score != BlockScore::kMax; }

}  // namespace

EstimateShape ShapeOfEstimate(const Method& method, const SelectInput& input, int64_t count) {
  DYNSPLIT_CHECK(input.index != nullptr && input.end_block <= input.index->num_blocks());
  const IndexShape& index = input.index->shape();
  EstimateShape shape;
  shape.rows = ByMass(method) ? SummaryRows(index.kind, index.vectors) : 1;
  shape.count = count;
  shape.stride = (shape.count * shape.rows + kRowAlign - 1) / kRowAlign * kRowAlign;
  return shape;
}

void ScoreCandidates(const SelectInput& input, const EstimateShape& shape, TokenRange range,
                     float* scores) {
  const IndexShape& index = input.index->shape();
  SummaryScoreArgs args;
  args.kind = index.kind;
  args.queries = input.queries;
  args.group_heads = input.group_heads;
  args.head_dim = index.head_dim;
  args.scale = input.scale;
  args.score_cap = input.score_cap;
  args.vectors = index.vectors;
  args.every_row = shape.rows > 1;
  const int64_t end = input.first_block + range.end;
  for (int64_t block = input.first_block + range.start; block < end;) {
    const int64_t in_chunk = block % kIndexChunkBlocks;
    args.num_blocks = std::min(kIndexChunkBlocks - in_chunk, end - block);
    args.summaries = input.index->Summaries(block, input.layer, input.kv_head);
    const int64_t next = block + args.num_blocks;
    args.next =
        next < end ? input.index->Summaries(next, input.layer, input.kv_head) : SummaryView();
    SummaryScore(args, scores + (block - input.first_block) * shape.rows, shape.stride);
    block = next;
  }
}

void PoolCandidates(const Method& method, const SelectInput& input, const EstimateShape& shape,
                    const float* scores, float* room, float* shares) {
  PoolScores({.pooling = method.pooling,
              .scores = scores,
              .score_stride = shape.stride,
              .group_heads = input.group_heads,
              .num_blocks = shape.count,
              .rows = shape.rows,
              .blocks = ByMass(method) ? &input.blocks[input.first_block] : nullptr},
             room, shares);
}

}  // namespace dynsplit
