#include "base/check.h"
#include "select/policies.h"
#include "select/take_best.h"

namespace dynsplit {

// The blocks with the most votes per token. What the votes are and when they are counted makes it
// SnapKV (arXiv 2404.14469) or H2O (arXiv 2306.14048): cache/token_votes.h, cache/kept_blocks.h.
void SelectVotes(const Method&, const SelectInput& input, SelectScratch* scratch,
                 std::vector<int32_t>* chosen) {
  if (AllFit(input)) return TakeAll(input, chosen);
  if (input.budget_tokens <= 0) return;
  DYNSPLIT_CHECK(input.votes != nullptr);
  const size_t count = static_cast<size_t>(input.end_block - input.first_block);
  scratch->shares.Resize(count);
  for (size_t i = 0; i < count; ++i) {
    const Block& block = input.blocks[static_cast<size_t>(input.first_block) + i];
    scratch->shares[i] = input.votes[i] * static_cast<float>(block.length);
  }
  TakeBest(input, Rank::kPerToken, scratch, chosen);
}

}  // namespace dynsplit
