#include "select/take_best.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"
#include "kernels/rank_key.h"

namespace dynsplit {
namespace {

// Blocks still to be looked at: those that the budget holds at the candidates' mean length, with
// some room, so that one round is nearly always enough.
size_t FirstRound(int64_t budget_tokens, int64_t count, int64_t total_tokens) {
  const int64_t fitting = budget_tokens * count / std::max<int64_t>(1, total_tokens);
  return static_cast<size_t>(fitting + fitting / 4 + kMaxPassedOver);
}

// What a share counts for: as in RankKey(), a NaN nothing.
double Mass(float share) { return share > 0 ? double{share} : 0.0; }

double TotalMass(std::span<const float> shares) {
  double sum = 0;
  for (const float share : shares) sum += Mass(share);
  return sum;
}

// Takes what fits, in the order given. False once the budget is as full as it will get.
class BudgetFill {
 public:
  BudgetFill(const SelectInput& input, std::span<const float> shares, std::vector<int32_t>* chosen)
      : input_(input),
        shares_(shares),
        tokens_left_(input.budget_tokens),
        enough_mass_(input.budget_mass > 0 ? input.budget_mass * TotalMass(shares) : 0),
        chosen_(chosen) {}

  bool Offer(int64_t block) {
    const int32_t length = input_.blocks[block].length;
    if (length <= tokens_left_) {
      tokens_left_ -= length;
      mass_ += Mass(shares_[static_cast<size_t>(block - input_.first_block)]);
      chosen_->push_back(static_cast<int32_t>(block));
    } else if (passed_over_++ == kMaxPassedOver) {
      return false;
    }
    return tokens_left_ > 0 && !HasEnoughMass();
  }

 private:
  bool HasEnoughMass() const { return input_.budget_mass > 0 && mass_ >= enough_mass_; }

  const SelectInput& input_;
  std::span<const float> shares_;
  int64_t tokens_left_;
  double enough_mass_;
  double mass_ = 0;
  int passed_over_ = 0;
  std::vector<int32_t>* chosen_;
};

// Sets scratch->ranking, [candidates], to numbers that order the candidates: the greatest is the
// best, no two are equal. Returns the tokens of all candidates.
int64_t RankBlocks(const SelectInput& input, Rank rank, SelectScratch* scratch) {
  const auto count = static_cast<uint32_t>(input.end_block - input.first_block);
  const std::span<const float> shares = std::as_const(scratch->shares).span();
  DYNSPLIT_CHECK(shares.size() == count);
  scratch->ranking.clear();
  int64_t total_tokens = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const int32_t length = input.blocks[input.first_block + i].length;
    total_tokens += length;
    scratch->ranking.push_back(
        RankKey(rank == Rank::kPerToken ? shares[i] / static_cast<float>(length) : shares[i], i));
  }
  return total_tokens;
}

}  // namespace

Rank RankOf(const Method& method) {
  return method.block_score == BlockScore::kDensity ? Rank::kPerToken : Rank::kShare;
}

int64_t TotalTokens(const SelectInput& input) {
  return input.blocks[input.end_block - 1].end() - input.blocks[input.first_block].start;
}

bool AllFit(const SelectInput& input) {
  return input.budget_mass == 0 && TotalTokens(input) <= input.budget_tokens;
}

void TakeAll(const SelectInput& input, std::vector<int32_t>* chosen) {
  for (int64_t b = input.first_block; b < input.end_block; ++b) {
    chosen->push_back(static_cast<int32_t>(b));
  }
}

void TakeBest(const SelectInput& input, Rank rank, SelectScratch* scratch,
              std::vector<int32_t>* chosen) {
  if (input.budget_tokens <= 0) return;
  const int64_t total_tokens = RankBlocks(input, rank, scratch);
  std::vector<uint64_t>& ranking = scratch->ranking;
  const auto count = static_cast<int64_t>(ranking.size());
  const std::span<const float> shares = std::as_const(scratch->shares).span();
  BudgetFill fill(input, shares, chosen);
  auto begin = ranking.begin();
  for (size_t round = FirstRound(input.budget_tokens, count, total_tokens); begin != ranking.end();
       round *= 2) {
    const size_t left = static_cast<size_t>(ranking.end() - begin);
    const auto end = begin + static_cast<ptrdiff_t>(std::min(round, left));
    if (end != ranking.end()) std::nth_element(begin, end, ranking.end(), std::greater<>());
    std::sort(begin, end, std::greater<>());
    for (; begin != end; ++begin) {
      if (!fill.Offer(input.first_block + IndexOf(*begin))) return;
    }
  }
}

}  // namespace dynsplit
