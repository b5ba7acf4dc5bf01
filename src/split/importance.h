// DD-Select: the importance of each delimiter class, learned from this very text (method.md
// section 2).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dynsplit/method.h"
#include "kernels/kv_view.h"
#include "split/boundary_score.h"

namespace dynsplit {

using ClassWeights = std::array<double, kNumDelimiterClasses>;

// In units of the spread (standard deviation) of the scores of tokens that are no delimiters.
struct ClassImportance {
  ClassWeights weight{};                              // w_c, shrunk; always finite
  ClassWeights standard_error{};                      // of mean_c; 0 below two candidates
  std::array<int64_t, kNumDelimiterClasses> count{};  // n_c: candidates seen
  double baseline_mean = 0;    // of the scores of tokens that are no delimiters
  double baseline_spread = 1;  // > 0
};

inline constexpr int kMinBaseline = 16;

// What a class is worth before anything was seen: mildly more for a stronger class, so that a text
// of a few lines is cut sensibly. Not measured; `shrinkage` candidates outweigh it.
inline constexpr ClassWeights kOrderedPrior = {0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0};

// w_c = (n_c mean_c + kappa prior_c) / (n_c + kappa), where mean_c is the mean of s_i over the
// class's tokens, less the mean over tokens of class kNone, over their spread. kNone itself weighs
// 0. Only tokens that had their whole window of queries count, and only finite scores. Where fewer
// than kMinBaseline such tokens are kNone, all tokens take their place. classes[i] belongs to token
// i; tokens beyond the end of either are left out. Cost: two passes. Thread safety: pure.
ClassImportance LearnImportance(const BoundaryMass& mass, std::span<const DelimiterClass> classes,
                                const SplitOptions& options,
                                const ClassWeights& prior = kOrderedPrior);

// The importance of each of `tokens` as a boundary of its own: s_i less the mean of tokens that are
// no delimiters, over their spread, clipped as moments.h says. NaN for a token that did not have
// its whole window of queries. Thread safety: pure.
std::vector<float> CandidateImportance(const BoundaryMass& mass, TokenRange tokens,
                                       const ClassImportance& importance,
                                       const SplitOptions& options);

}  // namespace dynsplit
