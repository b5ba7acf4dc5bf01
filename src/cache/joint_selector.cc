#include "cache/joint_selector.h"

#include <algorithm>
#include <cmath>

#include "kernels/causal_attention.h"
#include "kernels/run_score.h"

namespace dynsplit {
namespace {

// Where the rows' window begins: at a page, and no later than what the index does not hold yet.
int64_t DenseStart(const RowBlock& block) {
  const SemanticCache& cache = *block.span->cache;
  const int64_t window_start = cache.size() + block.first - cache.joint().window;
  const int64_t start = std::clamp<int64_t>(window_start, 0, cache.runs().num_runs() * kRunTokens);
  return start / kPageTokens * kPageTokens;
}

// What a layer's rows miss is missed by the keys and values of every layer after it: its weight is
// their number. Of the global layers the mean is 1.
std::vector<double> WeightsOf(const CacheShape& shape) {
  std::vector<double> weights(static_cast<size_t>(shape.num_layers), 1.0);
  const std::vector<int> global = shape.GlobalLayers();
  double sum = 0;
  for (const int layer : global) sum += shape.num_layers - 1 - layer;
  if (sum == 0) return weights;  // the last layer alone
  for (int layer = 0; layer < shape.num_layers; ++layer) {
    weights[static_cast<size_t>(layer)] =
        (shape.num_layers - 1 - layer) * static_cast<double>(global.size()) / sum;
  }
  return weights;
}

bool IsOfWholeEnd(const RowBlock& block) {
  return block.span->ends_whole && block.first + block.rows > block.span->rows - kMaxQueryRows;
}

void AppendRuns(std::span<const int32_t> runs, std::vector<TokenRange>* ranges) {
  for (const int64_t run : runs) {
    const int64_t start = run * kRunTokens;
    if (!ranges->empty() && ranges->back().end == start) {
      ranges->back().end += kRunTokens;
    } else {
      ranges->push_back({start, start + kRunTokens});
    }
  }
}

}  // namespace

JointSelector::JointSelector(const CacheShape& shape, int max_workers)
    : shape_(shape), weights_(WeightsOf(shape)), scratch_(static_cast<size_t>(max_workers)) {}

void JointSelector::Begin(std::span<const Span> spans) {
  int64_t most_runs = 0;
  for (const Span& span : spans) {
    if (span.attention != Attention::kJoint) continue;
    most_runs = std::max(most_runs, span.cache->runs().num_runs());
  }
  if (most_runs == 0) return;
  for (Scratch& scratch : scratch_) {
    scratch.floats.Resize(RunScoreScratch(shape_.head_dim, most_runs));
    scratch.worth.resize(static_cast<size_t>(most_runs));
    scratch.chunks.reserve(static_cast<size_t>(most_runs / kMeanChunk + 1));
  }
}

bool JointSelector::Selects(const Span& span, LayerHead head) const {
  return span.attention == Attention::kJoint && shape_.IsGlobal(head.layer) &&
         !span.cache->joint().AttendsToAll(head);
}

int64_t JointSelector::RunsWanted(const RowBlock& block, int64_t num_runs) const {
  const int64_t mean = block.span->cache->joint().budget_tokens;
  // The first run, the sink, comes on top.
  if (num_runs <= mean / kRunTokens + 1) return num_runs;
  const double weight = weights_[static_cast<size_t>(block.head.layer)];
  return static_cast<int64_t>(weight * static_cast<double>(mean)) / kRunTokens + 1;
}

JointChoice JointSelector::Choose(const RowBlock& block, const float* queries, Worker worker) {
  const int64_t dense_start = DenseStart(block);
  const int64_t num_runs = dense_start / kRunTokens;
  const int64_t wanted = RunsWanted(block, num_runs);
  if (num_runs <= wanted || IsOfWholeEnd(block)) return {};
  Scratch& scratch = scratch_[static_cast<size_t>(worker.index)];
  scratch.chosen = {0};
  if (wanted > 1) {
    Score(block, queries, num_runs, &scratch);
    scratch.worth[0] = INFINITY;
    TopIndices(std::span(scratch.worth).first(static_cast<size_t>(num_runs)), wanted, &scratch.top,
               &scratch.chosen);
  }
  scratch.ranges.clear();
  AppendRuns(scratch.chosen, &scratch.ranges);
  return {.earlier = scratch.ranges, .dense_start = dense_start};
}

void JointSelector::Score(const RowBlock& block, const float* queries, int64_t num_runs,
                          Scratch* scratch) {
  const int64_t stride = int64_t{shape_.num_heads} * shape_.head_dim;
  const int64_t row = block.span->first_row + block.first;
  scratch->chunks.clear();
  const int group_heads = shape_.GroupHeads(block.head.layer);
  block.span->cache->runs().AppendChunks(shape_.GlobalIdx(block.head.layer), block.head.kv_head,
                                         &scratch->chunks);
  RunScore({.queries = queries + row * stride +
                       int64_t{block.head.kv_head} * group_heads * shape_.head_dim,
            .query_row_stride = stride,
            .rows = block.rows,
            .group_heads = group_heads,
            .head_dim = shape_.head_dim,
            .scale = shape_.Scale(),
            .score_cap = shape_.score_cap,
            .chunks = scratch->chunks.data(),
            .num_runs = num_runs},
           scratch->floats.data(), scratch->worth.data());
}

}  // namespace dynsplit
