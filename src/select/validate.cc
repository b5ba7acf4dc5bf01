#include <cmath>
#include <iomanip>
#include <sstream>
#include <string>
#include <utility>

#include "dynsplit/method.h"
#include "kernels/pool_scores.h"

namespace dynsplit {
namespace {

constexpr int kMaxBlockTokens = 256;
constexpr int kMaxDelimiterBlockTokens = 1024;
constexpr int kMaxVectors = 8;
static_assert(kMaxVectors <= kMaxScoreRows);
constexpr int kMaxRefine = 64;
constexpr int kMaxSurvey = 64;
constexpr int kMaxReuse = 64;
constexpr int kMaxAlwaysAttended = 1 << 20;  // sink, recent: beyond any context
constexpr int kMaxLayers = 1024;
constexpr int kMaxKvHeads = 1024;
constexpr double kMaxFactor = 1e6;  // lambda, alpha, kappa: keeps every product finite

// Whole numbers with all their digits.
std::string Written(double number) {
  std::ostringstream out;
  if (number == std::trunc(number)) out << std::fixed << std::setprecision(0);
  out << number;
  return out.str();
}

// `key` is that of a method's spec.
Status Require(std::string_view key, double got, double least, double most) {
  if (got >= least && got <= most) return {};
  std::string message = "method: " + std::string(key) + ": got " + Written(got) + ", wanted ";
  message += Written(least);
  if (least < most) message += ".." + Written(most);
  return InvalidArgument(std::move(message));
}

Status ValidateSplit(const SplitOptions& split) {
  DYNSPLIT_RETURN_IF_ERROR(Require("block", split.block_tokens, 1, kMaxBlockTokens));
  DYNSPLIT_RETURN_IF_ERROR(Require("range", split.search_range, 0, split.block_tokens - 1));
  DYNSPLIT_RETURN_IF_ERROR(Require("lambda", split.distance_penalty, 0, kMaxFactor));
  DYNSPLIT_RETURN_IF_ERROR(Require("alpha", split.alpha, 0, kMaxFactor));
  DYNSPLIT_RETURN_IF_ERROR(Require("candidate", split.candidate, 0, 1));
  DYNSPLIT_RETURN_IF_ERROR(Require("scatter", split.scatter, 0, 1));
  DYNSPLIT_RETURN_IF_ERROR(Require("shrinkage", split.shrinkage, 0, kMaxFactor));
  return Require("max-block", split.max_block_tokens, 1, kMaxDelimiterBlockTokens);
}

}  // namespace

Status ValidateMethod(const Method& method) {
  // The range of lengths means something to the searches alone.
  SplitOptions split = method.split;
  if (split.splitter == Splitter::kFixed || split.splitter == Splitter::kDelimiter) {
    split.search_range = 0;
  }
  DYNSPLIT_RETURN_IF_ERROR(ValidateSplit(split));
  const bool bounds = method.summary == Summary::kMinMax;
  DYNSPLIT_RETURN_IF_ERROR(
      Require("vectors", method.vectors, bounds ? 2 : 1, bounds ? 2 : kMaxVectors));
  if (bounds && method.summary_type == SummaryType::kInt2) {
    return InvalidArgument("method: type: got int2 with summary minmax, wanted f16 or int8");
  }
  DYNSPLIT_RETURN_IF_ERROR(
      Require("budget tokens", static_cast<double>(method.budget.tokens), 0, Budget::kMostTokens));
  DYNSPLIT_RETURN_IF_ERROR(Require("budget least tokens",
                                   static_cast<double>(method.budget.least_tokens), 0,
                                   static_cast<double>(method.budget.tokens)));
  DYNSPLIT_RETURN_IF_ERROR(Require("budget percent", method.budget.percent, 0, 100));
  DYNSPLIT_RETURN_IF_ERROR(Require("budget mass", method.budget.mass, 0, 1));
  DYNSPLIT_RETURN_IF_ERROR(Require("refine", method.refine, 1, kMaxRefine));
  DYNSPLIT_RETURN_IF_ERROR(Require("survey", method.survey, 0, kMaxSurvey));
  DYNSPLIT_RETURN_IF_ERROR(Require("reuse", method.reuse, 1, kMaxReuse));
  DYNSPLIT_RETURN_IF_ERROR(Require("cosine", method.cosine, -1, 1));
  DYNSPLIT_RETURN_IF_ERROR(Require("sink", method.sink, 0, kMaxAlwaysAttended));
  DYNSPLIT_RETURN_IF_ERROR(Require("recent", method.recent, 1, kMaxAlwaysAttended));
  for (const LayerHead& head : method.dense_heads.value_or(std::vector<LayerHead>())) {
    DYNSPLIT_RETURN_IF_ERROR(Require("dense-heads: layer", head.layer, 0, kMaxLayers - 1));
    DYNSPLIT_RETURN_IF_ERROR(Require("dense-heads: KV head", head.kv_head, 0, kMaxKvHeads - 1));
  }
  return Require("dense-layers", method.dense_layers, 0, kMaxLayers);
}

}  // namespace dynsplit
