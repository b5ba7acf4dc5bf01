#include <algorithm>

#include "base/check.h"
#include "kernels/summary_score.h"
#include "select/policies.h"
#include "select/take_best.h"

namespace dynsplit {
namespace {

// Floats of a cache line: rows of scores start on one.
constexpr int64_t kRowAlign = 16;

// Scores every candidate for every head, chunk by chunk: scores [group_heads, stride].
void ScoreCandidates(const SelectInput& input, float* scores, int64_t stride) {
  const IndexShape& shape = input.index->shape();
  SummaryScoreArgs args;
  args.kind = shape.kind;
  args.queries = input.queries;
  args.group_heads = input.group_heads;
  args.head_dim = shape.head_dim;
  args.scale = input.scale;
  args.vectors = shape.vectors;
  for (int64_t block = input.first_block; block < input.end_block;) {
    const int64_t chunk = block / kIndexChunkBlocks;
    const int64_t in_chunk = block % kIndexChunkBlocks;
    args.num_blocks = std::min(kIndexChunkBlocks - in_chunk, input.end_block - block);
    args.summaries = input.index->Summaries(chunk, input.layer, input.kv_head) +
                     in_chunk * shape.vectors * shape.head_dim;
    SummaryScore(args, scores + (block - input.first_block), stride);
    block += args.num_blocks;
  }
}

}  // namespace

// The blocks with the greatest share of a softmax over the summaries' scores, pooled over the heads
// of the group (method.md section 5).
void SelectTop(const Method&, const SelectInput& input, SelectScratch* scratch,
               std::vector<int32_t>* chosen) {
  if (AllFit(input)) return TakeAll(input, chosen);
  if (input.budget_tokens <= 0) return;
  DYNSPLIT_CHECK(input.index != nullptr && input.end_block <= input.index->num_blocks());
  const int64_t count = input.end_block - input.first_block;
  const int64_t stride = (count + kRowAlign - 1) / kRowAlign * kRowAlign;
  scratch->scores.Resize(static_cast<size_t>(stride * input.group_heads));
  scratch->pooled.Resize(static_cast<size_t>(count));
  ScoreCandidates(input, scratch->scores.data(), stride);
  PoolScores(scratch->scores.data(), stride, input.group_heads, count, scratch->pooled.data());
  TakeBest(input, scratch->pooled.data(), scratch, chosen);
}

}  // namespace dynsplit
