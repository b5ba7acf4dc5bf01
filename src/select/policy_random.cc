#include "base/rng.h"
#include "select/policies.h"
#include "select/take_best.h"

namespace dynsplit {
namespace {

// The same query gives the same choice, whatever thread asks and in which order.
uint64_t SeedOf(const SelectInput& input) {
  uint64_t seed = Rng(input.seed).Next();
  seed = Rng(seed ^ static_cast<uint64_t>(input.position)).Next();
  seed = Rng(seed ^ static_cast<uint64_t>(input.layer)).Next();
  return Rng(seed ^ static_cast<uint64_t>(input.kv_head)).Next();
}

}  // namespace

// Random blocks, anew for each position, layer and KV head: the control for all scores. Random
// figures are no mass, so a budget of mass ends nothing here.
void SelectRandom(const Method&, const SelectInput& query, SelectScratch* scratch,
                  std::vector<int32_t>* chosen) {
  SelectInput input = query;
  input.budget_mass = 0;
  if (AllFit(input)) return TakeAll(input, chosen);
  const size_t count = static_cast<size_t>(input.end_block - input.first_block);
  scratch->shares.Resize(count);
  Rng rng(SeedOf(input));
  for (float& score : scratch->shares.span()) score = static_cast<float>(rng.Uniform());
  TakeBest(input, Rank::kShare, scratch, chosen);
}

}  // namespace dynsplit
