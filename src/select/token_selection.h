// The tokens that one row attends to, chosen one by one (Pick::kTokens), in steps that the workers
// of a pass share: with few rows and KV heads there is not work enough for all of them otherwise.
//
//   (Begin  (ScoreGroups*  FindBlocks)?  ScoreBlocks*  FindKeys | LookAt)  ScoreKeys*  Choose
//
// All with the same method and input, which has at least one candidate. The steps with a star may
// run at once for the distinct parts that make up the whole; all parts of one come before what
// follows. Best first by pooled share, the lower position first where they are equal, until the
// budget is full, or until the chosen hold input.budget_mass of the mass, that of what is always
// attended to included. Ours: beyond the paper.
#pragma once

#include <cstdint>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/top_indices.h"
#include "select/block_survey.h"
#include "select/estimate.h"
#include "select/selector.h"

namespace dynsplit {

// Whether a method takes single tokens of the blocks that it looks at a second time.
bool ChoosesTokens(const Method& method);

// What was chosen: first of the candidates' tokens, ascending, at most budget_tokens; then what is
// always attended to: the tokens before the first candidate, and those from the end of the last one
// to the row's own.
struct TokenChoice {
  std::vector<int32_t> tokens;  // positions
  AlignedBuffer<float>
      scores;  // [group_heads, tokens]: of their keys, so that nobody reads these again
};

class TokenSelection {
 public:
  void Begin(const Method& method, const SelectInput& input);
  // Groups of blocks that are surveyed first: none where the text is short for it.
  int64_t num_scored_groups() const { return survey_.num_scored_groups(); }
  const BlockSurvey& survey() const { return survey_; }
  void ScoreGroups(const SelectInput& input, TokenRange range) {
    survey_.ScoreGroups(input, range);
  }
  void FindBlocks(const Method& method, const SelectInput& input);
  // Candidates whose summaries are to be scored: none where all of them get a second look, or none
  // fits.
  int64_t num_scored_blocks() const { return shape_.count; }
  // `range` counts those that are scored. Cost: one pass over their summaries.
  void ScoreBlocks(const SelectInput& input, TokenRange range);
  void FindKeys(const Method& method, const SelectInput& input);
  // Instead of all steps before ScoreKeys: looks at these candidates' keys.
  void LookAt(std::span<const int32_t> candidates, const SelectInput& input);
  int64_t num_keys() const { return static_cast<int64_t>(keys_.size()); }
  std::span<const int32_t> keys() const { return keys_; }  // positions; ScoreKeys reads their keys
  // Cost: one pass over the keys of `range`.
  void ScoreKeys(const SelectInput& input, TokenRange range);
  // Cost: O(keys), no sort without a budget of mass.
  void Choose(const Method& method, const SelectInput& input, TokenChoice* choice);
  // Of FindKeys or LookAt: how many blocks are looked at a second time.
  int64_t num_candidates() const { return static_cast<int64_t>(candidates_.size()); }
  // After Choose: how many of the candidates' tokens.
  int64_t num_chosen() const {
    return static_cast<int64_t>(best_.size() + num_candidate_keys_ - keys_.size());
  }
  // After Choose: of the candidates looked at, the best by share per token that hold about so many
  // tokens (all where these are no more), and the candidate behind each: what is copied from a text
  // goes on there. Ascending. Cost: O(keys).
  void FindBestBlocks(const SelectInput& input, int64_t tokens, std::vector<int32_t>* blocks);
  // All steps before ScoreKeys, by one worker.
  void Find(const Method& method, const SelectInput& input);
  // All steps, by one worker.
  void Run(const Method& method, const SelectInput& input, TokenChoice* choice);

 private:
  void ListBlocks(const Method& method, const SelectInput& input);
  void FindBestLookedAt(const SelectInput& input, int64_t tokens, std::vector<int32_t>* blocks);
  void ListCandidateKeys(const SelectInput& input);
  void FindBest(const Method& method, const SelectInput& input);

  BlockSurvey survey_;
  EstimateShape shape_;
  std::span<const Block> blocks_;      // whose summaries are scored
  std::vector<Block> subset_;          // these, where they are not consecutive; after Choose, those
                                       // looked at
  std::vector<int32_t> subset_ids_;    // [subset]: their numbers
  AlignedBuffer<float> block_scores_;  // [group_heads, stride]
  AlignedBuffer<float> key_scores_;    // [group_heads, keys]
  AlignedBuffer<float> room_;
  AlignedBuffer<float> shares_;      // [candidates or keys]: of the attention
  std::vector<int32_t> candidates_;  // blocks looked at a second time
  std::vector<int32_t> keys_;  // positions: of their tokens, then of what is always attended to
  size_t num_candidate_keys_ = 0;
  std::vector<int32_t> best_;  // indices into keys_
  TopIndicesScratch top_;
};

}  // namespace dynsplit
