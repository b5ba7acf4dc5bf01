#include "index/run_index.h"

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

void RunIndex::Reserve(int64_t num_runs) {
  if (num_runs > this->num_runs()) means_.Reserve(num_runs);
}

void RunIndex::Fill(int layer, TokenRange runs, std::span<const KvView> views) {
  std::vector<Block> blocks;
  for (int64_t run = runs.start; run < runs.end; ++run) {
    blocks.push_back({.start = static_cast<int32_t>(run * kRunTokens), .length = kRunTokens});
  }
  means_.Fill(layer, runs.start, blocks, views);
}

void RunIndex::AppendChunks(int layer, int kv_head, std::vector<const f16*>* chunks) const {
  for (int64_t chunk = 0; chunk < means_.num_chunks(); ++chunk) {
    chunks->push_back(means_.Summaries(chunk * kIndexChunkBlocks, layer, kv_head).f16s);
  }
}

}  // namespace dynsplit
