#include "select/estimate.h"
#include "select/policies.h"
#include "select/refine.h"
#include "select/take_best.h"

namespace dynsplit {

// The blocks with the greatest estimated share of the attention, pooled over the heads of the group
// (method.md section 5).
void SelectTop(const Method& method, const SelectInput& input, SelectScratch* scratch,
               std::vector<int32_t>* chosen) {
  if (AllFit(input)) return TakeAll(input, chosen);
  if (input.budget_tokens <= 0) return;
  const EstimateShape shape = ShapeOfEstimate(method, input, input.end_block - input.first_block);
  scratch->scores.Resize(shape.num_scores(input.group_heads));
  scratch->room.Resize(static_cast<size_t>(shape.stride));
  scratch->shares.Resize(static_cast<size_t>(shape.count));
  ScoreCandidates(input, shape, {0, shape.count}, scratch->scores.data());
  PoolCandidates(method, input, shape, scratch->scores.data(), scratch->room.data(),
                 scratch->shares.data());
  if (method.refine == 1) return TakeBest(input, RankOf(method), scratch, chosen);
  FindCandidates(input, {RankOf(method), input.budget_tokens * method.refine},
                 scratch->shares.span(), &scratch->top, &scratch->candidates);
  TakeBestByKeys(method, input, scratch->candidates, scratch, chosen);
}

}  // namespace dynsplit
