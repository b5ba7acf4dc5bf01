#include "cache/kept_blocks.h"

#include <algorithm>
#include <numeric>

#include "select/selector.h"
#include "split/tile_map.h"

namespace dynsplit {
namespace {

// Under SnapKV a token takes the most votes of so many around it, itself included, so that what
// stands around a token that was looked at is kept with it.
constexpr int kNeighbourTokens = 7;

// Means of votes over the candidates' tokens, or of their neighbours' where the policy says so.
class BlockVotes {
 public:
  BlockVotes(Policy policy, std::span<const Block> candidates)
      : of_neighbours_(policy == Policy::kSnapKv), candidates_(candidates) {}

  const float* Of(const float* token_votes) {
    means_.clear();
    const int64_t begin = candidates_.front().start;
    const int64_t end = candidates_.back().end();
    for (const Block& block : candidates_) {
      double sum = 0;
      for (int64_t token = block.start; token < block.end(); ++token) {
        sum += of_neighbours_ ? MostAround(token_votes, token, begin, end) : token_votes[token];
      }
      means_.push_back(static_cast<float>(sum / block.length));
    }
    return means_.data();
  }

 private:
  static float MostAround(const float* votes, int64_t token, int64_t begin, int64_t end) {
    const int64_t first = std::max(begin, token - kNeighbourTokens / 2);
    const int64_t last = std::min(end, token + kNeighbourTokens / 2 + 1);
    return *std::max_element(votes + first, votes + last);
  }

  bool of_neighbours_;
  std::span<const Block> candidates_;
  std::vector<float> means_;
};

// The chosen candidates with the budget that each needs. votes[i] are those of candidate i.
std::vector<KeptBlock> Ranked(std::span<const Block> candidates, const std::vector<int32_t>& chosen,
                              const float* votes) {
  std::vector<size_t> order(chosen.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return votes[chosen[a]] > votes[chosen[b]]; });
  std::vector<KeptBlock> kept(chosen.size());
  int32_t tokens = 0;
  for (const size_t i : order) {
    const Block& block = candidates[static_cast<size_t>(chosen[i])];
    tokens += block.length;
    kept[i] = {block.start, block.length, tokens};
  }
  return kept;
}

}  // namespace

KeptBlocks::KeptBlocks(const CacheShape& shape, const Method& method, std::span<const Block> blocks,
                       const TokenVotes& votes, int64_t context)
    : kv_heads_(shape.kv_heads),
      end_(blocks.empty() ? std::min<int64_t>(method.sink, context) : blocks.back().end()),
      kept_(static_cast<size_t>(shape.num_layers) * shape.kv_heads) {
  const auto candidates = method.sink > 0 && !blocks.empty() ? blocks.subspan(1) : blocks;
  if (candidates.empty()) return;
  SelectInput input{.blocks = candidates,
                    .end_block = static_cast<int64_t>(candidates.size()),
                    .budget_tokens = method.budget.TokensAt(context),
                    .budget_mass = method.budget.mass};
  SelectScratch scratch;
  std::vector<int32_t> chosen;
  BlockVotes block_votes(method.policy, candidates);
  for (const int layer : shape.GlobalLayers()) {
    for (int g = 0; g < shape.KvHeads(layer); ++g) {
      if (method.AttendsToAll({layer, g})) continue;
      input.votes = block_votes.Of(votes.Of(layer, g));
      SelectBlocks(method, input, &scratch, &chosen);
      kept_[static_cast<size_t>(layer) * kv_heads_ + g] = Ranked(candidates, chosen, input.votes);
    }
  }
}

void KeptBlocks::Save(ArchiveWriter* archive) const {
  archive->Put(end_);
  for (const std::vector<KeptBlock>& blocks : kept_) archive->PutVector(blocks);
}

Result<KeptBlocks> KeptBlocks::Load(const CacheShape& shape, int64_t tokens,
                                    ArchiveReader* archive) {
  KeptBlocks kept(shape, archive->Get<int64_t>());
  bool good = kept.end_ >= 0 && kept.end_ <= tokens;
  for (std::vector<KeptBlock>& blocks : kept.kept_) {
    blocks = archive->GetVector<KeptBlock>();
    int64_t end = 0;  // of the block before
    for (const KeptBlock& block : blocks) {
      good =
          good && block.start >= end && block.length > 0 && block.length <= kept.end_ - block.start;
      end = int64_t{block.start} + block.length;
    }
  }
  if (!good) return archive->Wrong("blocks that were kept are not of this text");
  return kept;
}

void KeptBlocks::AppendRanges(int layer, int kv_head, const Method& method, int64_t position,
                              std::vector<TokenRange>* ranges) const {
  const int64_t budget = method.budget.TokensAt(position + 1);
  const int64_t recent = std::max<int64_t>(0, position + 1 - method.recent);
  const int64_t since = std::min(recent, std::max(end_, recent - budget));
  const int64_t left = budget - std::max<int64_t>(0, recent - end_);
  AppendRange({0, std::min<int64_t>(method.sink, since)}, ranges);
  for (const KeptBlock& block : kept_[static_cast<size_t>(layer) * kv_heads_ + kv_head]) {
    if (block.needed_budget > left) continue;
    AppendRange({block.start, int64_t{block.start} + block.length}, ranges);
  }
  AppendRange({since, position + 1}, ranges);
}

}  // namespace dynsplit
