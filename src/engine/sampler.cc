#include "dynsplit/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/rng.h"

namespace dynsplit {
namespace {

constexpr double kOne = 4294967296.0;  // 2^32, the share of the likeliest token

Status OutOfRange(const char* field, double got, const char* wanted) {
  return InvalidArgument(std::string(field) + " is " + std::to_string(got) + ", wanted " + wanted);
}

// Share of a logit `below` (>= 0) the largest. Whole numbers, so that a last bit of exp(), which
// differs between machines, does not change what is drawn.
uint64_t Share(double below, double temperature) {
  return static_cast<uint64_t>(std::exp(-below / temperature) * kOne);
}

}  // namespace

Status ValidateSampler(const SamplerOptions& options) {
  // Written so that NaN fails each test.
  if (!(options.temperature >= 0 && options.temperature <= 100)) {
    return OutOfRange("temperature", options.temperature, "0 to 100");
  }
  if (options.top_k < 0) return OutOfRange("top_k", options.top_k, "0 (all) or more");
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    return OutOfRange("top_p", options.top_p, "more than 0, at most 1");
  }
  if (!(options.min_p >= 0 && options.min_p <= 1)) {
    return OutOfRange("min_p", options.min_p, "0 to 1");
  }
  if (!(options.repetition_penalty > 0 && options.repetition_penalty <= 10)) {
    return OutOfRange("repetition_penalty", options.repetition_penalty, "more than 0, at most 10");
  }
  if (options.penalty_tokens < 0) {
    return OutOfRange("penalty_tokens", options.penalty_tokens, "0 or more");
  }
  return {};
}

int32_t Argmax(std::span<const float> logits) {
  float best = -std::numeric_limits<float>::infinity();
  int32_t token = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isfinite(logits[i]) && logits[i] > best) {
      best = logits[i];
      token = static_cast<int32_t>(i);
    }
  }
  return token;
}

Sampler::Sampler(const SamplerOptions& options) : options_(options), rng_state_(options.seed) {}

int32_t Sampler::Sample(std::span<const float> logits, std::span<const int32_t> tokens) {
  const bool penalised = options_.repetition_penalty != 1 && options_.penalty_tokens > 0;
  if (options_.temperature == 0 && !penalised) return Argmax(logits);
  logits_.assign(logits.begin(), logits.end());
  if (penalised) Penalise(tokens);
  if (options_.temperature == 0) return Argmax(logits_);
  CollectCandidates();
  if (candidates_.empty()) return 0;
  Truncate();
  return Draw();
}

// A likely token is divided by the penalty, an unlikely one multiplied (Keskar et al. 2019, CTRL,
// section 4.1), once, however often it occurs.
void Sampler::Penalise(std::span<const int32_t> tokens) {
  const size_t window = static_cast<size_t>(options_.penalty_tokens);
  if (tokens.size() > window) tokens = tokens.last(window);
  std::vector<int32_t> recent(tokens.begin(), tokens.end());
  std::sort(recent.begin(), recent.end());
  recent.erase(std::unique(recent.begin(), recent.end()), recent.end());
  for (const int32_t token : recent) {
    if (token < 0 || static_cast<size_t>(token) >= logits_.size()) continue;
    float& logit = logits_[static_cast<size_t>(token)];
    if (!std::isfinite(logit)) continue;
    logit = logit > 0 ? logit / options_.repetition_penalty : logit * options_.repetition_penalty;
    constexpr float kMax = std::numeric_limits<float>::max();
    logit = std::clamp(logit, -kMax, kMax);  // possible before, so possible still
  }
}

// All tokens that can be drawn at all.
void Sampler::CollectCandidates() {
  candidates_.clear();
  if (logits_.empty()) return;
  const float best = logits_[static_cast<size_t>(Argmax(logits_))];
  if (!std::isfinite(best)) return;
  for (size_t i = 0; i < logits_.size(); ++i) {
    if (!std::isfinite(logits_[i])) continue;
    const double below = static_cast<double>(best) - static_cast<double>(logits_[i]);
    const uint64_t share = Share(below, options_.temperature);
    if (share > 0) candidates_.push_back({static_cast<int32_t>(i), share});
  }
}

void Sampler::Truncate() {
  const auto likelier = [](const Candidate& a, const Candidate& b) {
    return a.share != b.share ? a.share > b.share : a.token < b.token;
  };
  const size_t top_k = static_cast<size_t>(options_.top_k);
  if (top_k > 0 && top_k < candidates_.size()) {
    std::nth_element(candidates_.begin(), candidates_.begin() + options_.top_k - 1,
                     candidates_.end(), likelier);
    candidates_.resize(top_k);
  }
  std::sort(candidates_.begin(), candidates_.end(), likelier);
  if (options_.top_p < 1) {
    uint64_t total = 0;
    for (const Candidate& candidate : candidates_) total += candidate.share;
    const double wanted = static_cast<double>(options_.top_p) * static_cast<double>(total);
    uint64_t sum = 0;
    size_t kept = 0;
    while (kept < candidates_.size() && static_cast<double>(sum) < wanted) {
      sum += candidates_[kept++].share;
    }
    candidates_.resize(kept);
  }
  const double least = static_cast<double>(options_.min_p) * kOne;
  while (static_cast<double>(candidates_.back().share) < least) candidates_.pop_back();
}

int32_t Sampler::Draw() {
  uint64_t total = 0;
  for (const Candidate& candidate : candidates_) total += candidate.share;
  Rng rng(rng_state_);
  // The high half of a product, not a remainder: logits that differ in their last bits, as those of
  // the same text in passes with other ones do, then nearly always draw the same token.
  __extension__ using Wide = unsigned __int128;
  auto left = static_cast<uint64_t>((static_cast<Wide>(rng.Next()) * total) >> 64);
  rng_state_ = rng.Next();
  for (const Candidate& candidate : candidates_) {
    if (left < candidate.share) return candidate.token;
    left -= candidate.share;
  }
  return candidates_.back().token;
}

}  // namespace dynsplit
