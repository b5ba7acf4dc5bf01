#include "index/run_index.h"

#include "base/parallel_for.h"
#include "kernels/run_score.h"

namespace dynsplit {

static_assert(kPageTokens % kRunTokens == 0);
static_assert(kIndexChunkBlocks == kMeanChunk);

RunIndex::RunIndex(int num_layers, int kv_heads, int head_dim)
    : means_({.num_layers = num_layers,
              .kv_heads = kv_heads,
              .head_dim = head_dim,
              .vectors = 1,
              .kind = Summary::kMean,
              .type = SummaryType::kF16}) {}

void RunIndex::Extend(int64_t tokens, std::span<const KvView> views, int threads) {
  const int64_t first = num_runs();
  const int64_t end = tokens / kRunTokens;
  if (end <= first) return;
  std::vector<Block> added;
  for (int64_t run = first; run < end; ++run) {
    added.push_back({.start = static_cast<int32_t>(run * kRunTokens), .length = kRunTokens});
  }
  means_.Reserve(end);
  const auto kv_heads = static_cast<size_t>(means_.shape().kv_heads);
  ParallelFor(threads, means_.shape().num_layers, [&](int layer) {
    means_.Fill(layer, first, added,
                views.subspan(static_cast<size_t>(layer) * kv_heads, kv_heads));
  });
}

void RunIndex::AppendChunks(int layer, int kv_head, std::vector<const f16*>* chunks) const {
  for (int64_t chunk = 0; chunk < means_.num_chunks(); ++chunk) {
    chunks->push_back(means_.Summaries(chunk * kIndexChunkBlocks, layer, kv_head).f16s);
  }
}

}  // namespace dynsplit
