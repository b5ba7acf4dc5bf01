#include "select/estimate.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/check.h"
#include "kernels/pool_scores.h"
#include "kernels/summary_score.h"

namespace dynsplit {
namespace {

SummaryScoreArgs ArgsOf(const SelectInput& input, const EstimateShape& shape) {
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
  return args;
}

bool ByMass(const Method& method) { return method.block_score != BlockScore::kMax; }

}  // namespace

EstimateShape ShapeOfEstimate(const Method& method, const SelectInput& input, int64_t count) {
  DYNSPLIT_CHECK(input.index != nullptr && input.end_block <= input.index->num_blocks());
  const IndexShape& index = input.index->shape();
  EstimateShape shape;
  shape.rows = ByMass(method) ? SummaryRows(index.kind, index.vectors) : 1;
  shape.count = count;
  shape.stride = RowStride(shape.count * shape.rows);
  return shape;
}

void ScoreCandidates(const SelectInput& input, const EstimateShape& shape, TokenRange range,
                     float* scores) {
  SummaryScoreArgs args = ArgsOf(input, shape);
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

namespace {

// The runs of one chunk.
struct ChunkRuns {
  std::array<BlockRun, kIndexChunkBlocks> runs;
  int64_t chunk = -1;  // none
  int64_t count = 0;
  int64_t num_blocks = 0;
};

// Takes from the front of `ranges` those of one chunk, of each what lies in `range`.
ChunkRuns TakeChunk(TokenRange range, std::span<const BlockRange>* ranges) {
  ChunkRuns taken;
  for (; !ranges->empty() && ranges->front().before < range.end; *ranges = ranges->subspan(1)) {
    const BlockRange& from = ranges->front();
    const int64_t chunk = from.first / kIndexChunkBlocks;
    if (taken.chunk >= 0 && taken.chunk != chunk) break;
    taken.chunk = chunk;
    const int64_t skipped = std::max<int64_t>(0, range.start - from.before);
    const int64_t count = std::min(from.count, range.end - from.before) - skipped;
    taken.runs[static_cast<size_t>(taken.count++)] = {
        from.first + skipped - chunk * kIndexChunkBlocks, count};
    taken.num_blocks += count;
  }
  return taken;
}

}  // namespace

void ScoreRanges(const SelectInput& input, const EstimateShape& shape,
                 std::span<const BlockRange> ranges, TokenRange range, float* scores) {
  if (range.start >= range.end) return;
  const auto after = std::ranges::upper_bound(ranges, range.start, {}, &BlockRange::before);
  ranges = {after - 1, ranges.end()};
  SummaryScoreArgs args = ArgsOf(input, shape);
  const auto summaries = [&](const ChunkRuns& runs) {
    return runs.chunk < 0
               ? SummaryView()
               : input.index->Summaries(runs.chunk * kIndexChunkBlocks, input.layer, input.kv_head);
  };
  float* to = scores + range.start * shape.rows;
  for (ChunkRuns runs = TakeChunk(range, &ranges), next; runs.chunk >= 0; runs = next) {
    next = TakeChunk(range, &ranges);
    args.summaries = summaries(runs);
    args.num_blocks = runs.num_blocks;
    args.runs = {runs.runs.data(), static_cast<size_t>(runs.count)};
    args.next = summaries(next);
    args.next_runs = {next.runs.data(), static_cast<size_t>(next.count)};
    SummaryScore(args, to, shape.stride);
    to += runs.num_blocks * shape.rows;
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
