#include "select/token_selection.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>

#include "base/check.h"
#include "kernels/rank_key.h"
#include "select/refine.h"
#include "select/take_best.h"

namespace dynsplit {
namespace {

// Of `best`, indices into `shares`, keeps the greatest that together hold `mass`, in their order. A
// NaN counts as nothing. Cost: O(best) expected, no sort of all: a row of a long text has up to a
// thousand of them.
void KeepMass(std::span<const float> shares, double mass, std::vector<uint64_t>* room,
              std::vector<int32_t>* best) {
  if (!(mass > 0)) {
    best->clear();
    return;
  }
  const auto key = [&](int32_t i) {
    return RankKey(shares[static_cast<size_t>(i)], static_cast<uint32_t>(i));
  };
  const auto bucket_of = [&](int32_t i) { return RankBucket(shares[static_cast<size_t>(i)]); };
  double in_bucket[kRankBuckets] = {};
  for (const int32_t i : *best) in_bucket[bucket_of(i)] += double{ValueOf(key(i))};
  size_t bucket = kRankBuckets;
  double held = 0;
  while (bucket > 0 && held < mass) held += in_bucket[--bucket];
  if (held < mass) return;
  room->clear();
  for (const int32_t i : *best) {
    if (bucket_of(i) == bucket) room->push_back(key(i));
  }
  std::sort(room->begin(), room->end(), std::greater<>());
  held -= in_bucket[bucket];
  uint64_t least = 0;
  for (size_t i = 0; i < room->size() && held < mass; ++i) {
    least = (*room)[i];
    held += double{ValueOf(least)};
  }
  std::erase_if(*best, [&](int32_t i) { return key(i) < least; });
}

// Where a second look reaches everything, no summary has a say in it.
bool LooksAtAll(const Method& method, const SelectInput& input) {
  return AllFit(input) ||
         (input.budget_tokens > 0 && TotalTokens(input) <= input.budget_tokens * method.refine);
}

}  // namespace

bool ChoosesTokens(const Method& method) {
  return method.policy == Policy::kTop && method.refine > 1 && method.pick == Pick::kTokens;
}

void TokenSelection::Begin(const Method& method, const SelectInput& input) {
  DYNSPLIT_CHECK(ChoosesTokens(method) && input.first_block < input.end_block);
  shape_ = {};
  survey_.Clear();
  if (LooksAtAll(method, input) || input.budget_tokens <= 0) return;
  survey_.Begin(method, input);
  if (num_scored_groups() == 0) ListBlocks(method, input);
}

void TokenSelection::FindBlocks(const Method& method, const SelectInput& input) {
  survey_.Choose(method, input);
  ListBlocks(method, input);
}

void TokenSelection::ListBlocks(const Method& method, const SelectInput& input) {
  const std::span<const BlockRange> ranges = survey_.ranges();
  subset_.clear();
  subset_ids_.clear();
  if (num_scored_groups() == 0) {
    blocks_ = input.blocks.subspan(static_cast<size_t>(ranges[0].first),
                                   static_cast<size_t>(ranges[0].count));
  } else {
    for (const BlockRange& range : ranges) {
      for (int64_t block = range.first; block < range.first + range.count; ++block) {
        subset_.push_back(input.blocks[static_cast<size_t>(block)]);
        subset_ids_.push_back(static_cast<int32_t>(block));
      }
    }
    blocks_ = subset_;
  }
  shape_ = ShapeOfEstimate(method, input, static_cast<int64_t>(blocks_.size()));
  block_scores_.Resize(shape_.num_scores(input.group_heads));
}

void TokenSelection::ScoreBlocks(const SelectInput& input, TokenRange range) {
  if (shape_.count == 0) return;
  if (num_scored_groups() > 0) {
    ScoreRanges(input, shape_, survey_.ranges(), range, block_scores_.data());
  } else {
    ScoreCandidates(input, shape_, range, block_scores_.data());
  }
}

void TokenSelection::FindKeys(const Method& method, const SelectInput& input) {
  candidates_.clear();
  if (shape_.count > 0) {
    room_.Resize(static_cast<size_t>(shape_.stride));
    shares_.Resize(static_cast<size_t>(shape_.count));
    SelectInput among = input;
    among.blocks = blocks_;
    among.first_block = 0;
    among.end_block = shape_.count;
    PoolCandidates(method, among, shape_, block_scores_.data(), room_.data(), shares_.data());
    FindCandidates(among, {RankOf(method), input.budget_tokens * method.refine}, shares_.span(),
                   &top_, &candidates_);
    const auto first = static_cast<int32_t>(survey_.ranges().front().first);
    for (int32_t& c : candidates_) {
      c = subset_ids_.empty() ? first + c : subset_ids_[static_cast<size_t>(c)];
    }
  } else if (LooksAtAll(method, input)) {
    TakeAll(input, &candidates_);
  }
  ListCandidateKeys(input);
}

void TokenSelection::LookAt(std::span<const int32_t> candidates, const SelectInput& input) {
  candidates_.assign(candidates.begin(), candidates.end());
  ListCandidateKeys(input);
}

void TokenSelection::ListCandidateKeys(const SelectInput& input) {
  num_candidate_keys_ = ListKeys(input, candidates_, &keys_);
  key_scores_.Resize(keys_.size() * static_cast<size_t>(input.group_heads));
}

void TokenSelection::ScoreKeys(const SelectInput& input, TokenRange range) {
  dynsplit::ScoreKeys(input, keys_, range, key_scores_.data());
}

// Sets best_ to the chosen of the candidates' keys.
void TokenSelection::FindBest(const Method& method, const SelectInput& input) {
  const auto all = static_cast<int64_t>(num_candidate_keys_);
  const int64_t most = std::max<int64_t>(0, input.budget_tokens);
  if (input.budget_mass == 0 && all <= most) {  // nothing to choose
    best_.resize(num_candidate_keys_);
    std::iota(best_.begin(), best_.end(), 0);
    return;
  }
  room_.Resize(keys_.size());
  shares_.Resize(keys_.size());
  PoolKeys(method, input, num_keys(), key_scores_.data(), room_.data(), shares_.data());
  const std::span<const float> shares = shares_.span();
  TopIndices(shares.first(num_candidate_keys_), most, &top_, &best_);
  if (input.budget_mass == 0) return;
  const auto always = shares.subspan(num_candidate_keys_);
  KeepMass(shares, input.budget_mass - std::accumulate(always.begin(), always.end(), 0.0),
           &top_.bucket, &best_);
}

void TokenSelection::Choose(const Method& method, const SelectInput& input, TokenChoice* choice) {
  FindBest(method, input);
  const size_t num_keys = keys_.size();
  for (size_t i = num_candidate_keys_; i < num_keys; ++i) best_.push_back(static_cast<int32_t>(i));
  choice->tokens.clear();
  for (const int32_t idx : best_) choice->tokens.push_back(keys_[static_cast<size_t>(idx)]);
  choice->scores.Resize(best_.size() * static_cast<size_t>(input.group_heads));
  float* score = choice->scores.data();
  for (size_t head = 0; head < static_cast<size_t>(input.group_heads); ++head) {
    const float* of_head = key_scores_.data() + head * num_keys;
    for (const int32_t idx : best_) *score++ = of_head[idx];
  }
}

void TokenSelection::FindBestBlocks(const SelectInput& input, int64_t tokens,
                                    std::vector<int32_t>* blocks) {
  FindBestLookedAt(input, tokens, blocks);
  const size_t found = blocks->size();
  for (size_t i = 0; i < found; ++i) {
    const int32_t next = (*blocks)[i] + 1;
    const bool is_found = i + 1 < found && (*blocks)[i + 1] == next;
    if (next < input.end_block && !is_found) blocks->push_back(next);
  }
  std::inplace_merge(blocks->begin(), blocks->begin() + static_cast<ptrdiff_t>(found),
                     blocks->end());
}

void TokenSelection::FindBestLookedAt(const SelectInput& input, int64_t tokens,
                                      std::vector<int32_t>* blocks) {
  if (static_cast<int64_t>(num_candidate_keys_) <= tokens) {
    *blocks = candidates_;
    return;
  }
  subset_.clear();
  const float* share = shares_.data();
  for (const int32_t candidate : candidates_) {
    const Block& block = input.blocks[static_cast<size_t>(candidate)];
    room_[subset_.size()] = std::accumulate(share, share + block.length, 0.0f);
    share += block.length;
    subset_.push_back(block);
  }
  SelectInput among = input;
  among.blocks = subset_;
  among.first_block = 0;
  among.end_block = static_cast<int64_t>(subset_.size());
  FindCandidates(among, {Rank::kPerToken, tokens}, room_.span().first(subset_.size()), &top_,
                 blocks);
  for (int32_t& block : *blocks) block = candidates_[static_cast<size_t>(block)];
}

void TokenSelection::Find(const Method& method, const SelectInput& input) {
  Begin(method, input);
  if (num_scored_groups() > 0) {
    ScoreGroups(input, {0, num_scored_groups()});
    FindBlocks(method, input);
  }
  ScoreBlocks(input, {0, num_scored_blocks()});
  FindKeys(method, input);
}

void TokenSelection::Run(const Method& method, const SelectInput& input, TokenChoice* choice) {
  Find(method, input);
  ScoreKeys(input, {0, num_keys()});
  Choose(method, input, choice);
}

}  // namespace dynsplit
