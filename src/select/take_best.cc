#include "select/take_best.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace dynsplit {
namespace {

int64_t TotalTokens(const SelectInput& input) {
  return input.blocks[input.end_block - 1].end() - input.blocks[input.first_block].start;
}

// Orders as a number, greatest first: by score, then by lower index. The bits of floats that are
// not negative order as the floats do; a NaN, or less than nothing, counts as 0.
uint64_t RankKey(float score, uint32_t index) {
  const uint32_t bits = score > 0 ? std::bit_cast<uint32_t>(score) : 0;
  return (uint64_t{bits} << 32) | (0xffffffffu - index);
}

uint32_t IndexOf(uint64_t key) { return 0xffffffffu - static_cast<uint32_t>(key); }

// Blocks still to be looked at: those that the budget holds at the candidates' mean length, with
// some room, so that one round is nearly always enough.
size_t FirstRound(const SelectInput& input) {
  const int64_t count = input.end_block - input.first_block;
  const int64_t fitting = input.budget_tokens * count / std::max<int64_t>(1, TotalTokens(input));
  return static_cast<size_t>(fitting + fitting / 4 + kMaxPassedOver);
}

// Takes what fits, in the order given. False once the budget is as full as it will get.
class BudgetFill {
 public:
  BudgetFill(const SelectInput& input, std::vector<int32_t>* chosen)
      : input_(input), left_(input.budget_tokens), chosen_(chosen) {}

  bool Offer(int64_t block) {
    const int32_t length = input_.blocks[block].length;
    if (length <= left_) {
      left_ -= length;
      chosen_->push_back(static_cast<int32_t>(block));
    } else if (passed_over_++ == kMaxPassedOver) {
      return false;
    }
    return left_ > 0;
  }

 private:
  const SelectInput& input_;
  int64_t left_;
  int passed_over_ = 0;
  std::vector<int32_t>* chosen_;
};

}  // namespace

bool AllFit(const SelectInput& input) { return TotalTokens(input) <= input.budget_tokens; }

void TakeAll(const SelectInput& input, std::vector<int32_t>* chosen) {
  for (int64_t b = input.first_block; b < input.end_block; ++b) {
    chosen->push_back(static_cast<int32_t>(b));
  }
}

void TakeBest(const SelectInput& input, const float* scores, SelectScratch* scratch,
              std::vector<int32_t>* chosen) {
  if (input.budget_tokens <= 0) return;
  std::vector<uint64_t>& ranking = scratch->ranking;
  ranking.clear();
  const auto count = static_cast<uint32_t>(input.end_block - input.first_block);
  for (uint32_t i = 0; i < count; ++i) ranking.push_back(RankKey(scores[i], i));

  BudgetFill fill(input, chosen);
  auto begin = ranking.begin();
  for (size_t round = FirstRound(input); begin != ranking.end(); round *= 2) {
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
