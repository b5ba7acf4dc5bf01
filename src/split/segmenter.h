// Cuts a text into blocks (method.md section 3). The searches are those of the executable
// specification, tests/golden/reference/dynsplit_reference.py, ties included. All functions are
// pure; options are those that ValidateMethod accepts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynsplit/method.h"
#include "split/importance.h"

namespace dynsplit {

// What is known of each cut itself, as CandidateImportance and ScatterScores give it. Only what
// the options use is read, and only that need be there.
struct CutScores {
  std::span<const float> candidate;  // [tokens], NaN: not observed
  std::span<const float> scatter;    // [tokens]
};

bool UsesCandidates(const SplitOptions& options);
bool UsesScatter(const SplitOptions& options);

// The worth of a cut after each token, for the splitter in `options`: kDynamic w_c, mixed with the
// candidate's own importance where that was observed; kUniform 1 for every delimiter stronger than
// a space (nearly every token of prose ends at a space), 0 for the rest; kRandom uniform in [0, 1),
// a function of seed and position alone; each of these three mixed with key scatter. kDelimiter 1
// where it cuts, else 0; kFixed 0. first_token: position of classes[0].
std::vector<float> CutWeights(const SplitOptions& options, std::span<const DelimiterClass> classes,
                              const ClassImportance& importance, int64_t first_token,
                              const CutScores& scores = {});

// Partition of the tokens [begin, end) into blocks, for a text that ends at `end`. weights and
// classes are indexed from begin and have end - begin elements. kDynamic, kUniform and kRandom:
// lengths are block_tokens +- search_range; greedy search cuts the tail every block_tokens, the
// optimal one may shorten the first and the last block. Cost: O((end - begin) * search_range);
// 12 bytes of scratch per token.
std::vector<Block> Segment(const SplitOptions& options, std::span<const float> weights,
                           std::span<const DelimiterClass> classes, int64_t begin, int64_t end);

// The same where the text goes on after `end`: only blocks that later text cannot change, so they
// cover [begin, end of the last one) and the caller keeps the rest. All lengths are within
// block_tokens +- search_range. With more text the result grows and never changes, but for one
// case: an optimal search that finds no common boundary within kOpenHorizonBlocks of the longest
// blocks (all weights alike) takes its best path so far, so that the rest stays bounded.
std::vector<Block> SegmentOpen(const SplitOptions& options, std::span<const float> weights,
                               std::span<const DelimiterClass> classes, int64_t begin, int64_t end);
inline constexpr int kOpenHorizonBlocks = 6;

}  // namespace dynsplit
