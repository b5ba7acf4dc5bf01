#include "apps/eval/continuation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "dynsplit/sampler.h"

namespace dynsplit::eval {
namespace {

constexpr size_t kPieceTokens = 64;  // whose logits are held at a time: 39 MB for Qwen's vocabulary

void LogSoftmax(std::span<const float> logits, std::span<float> out) {
  const float most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - most);
  const float shift = most + static_cast<float>(std::log(sum));
  for (size_t i = 0; i < logits.size(); ++i) out[i] = logits[i] - shift;
}

double Divergence(std::span<const float> full, std::span<const float> other) {
  double sum = 0;
  for (size_t i = 0; i < full.size(); ++i) {
    const float probability = std::exp(full[i]);
    if (probability > 0) sum += static_cast<double>(probability * (full[i] - other[i]));
  }
  return std::max(sum, 0.0);  // what is less than 0 is rounding
}

}  // namespace

Continuation::Continuation(std::vector<int32_t> tokens, int64_t vocab_size)
    : tokens_(std::move(tokens)), vocab_size_(static_cast<size_t>(vocab_size)), row_(vocab_size_) {
  DYNSPLIT_CHECK(!tokens_.empty());
  tokens_.resize(std::min(tokens_.size(), static_cast<size_t>(kMaxScoredTokens)));
}

void Continuation::Count(size_t idx, std::span<const float> logits, ContinuationScore* sums) {
  LogSoftmax(logits, row_);
  if (full_.size() == idx * vocab_size_) full_.insert(full_.end(), row_.begin(), row_.end());
  const auto full = std::span(full_).subspan(idx * vocab_size_, vocab_size_);
  sums->nll -= row_[static_cast<size_t>(tokens_[idx])];
  sums->kl += Divergence(full, row_);
  sums->same_top += Argmax(full) == Argmax(row_) ? 1 : 0;
}

Result<ContinuationScore> Continuation::Score(Session* session, const std::atomic<bool>* cancel,
                                              Pace pace) {
  ContinuationScore score;
  Count(0, session->logits().last(vocab_size_), &score);
  const FeedOptions feed = {
      .attention = Attention::kSelected, .logits = Logits::kAll, .cancel = cancel};
  const std::span<const int32_t> fed = std::span(tokens_).first(tokens_.size() - 1);
  const size_t most = pace == Pace::kStepByStep ? 1 : kPieceTokens;
  for (size_t done = 0; done < fed.size();) {
    const size_t count = std::min(most, fed.size() - done);
    DYNSPLIT_RETURN_IF_ERROR(session->Feed(fed.subspan(done, count), feed));
    for (size_t i = 0; i < count; ++i) {
      Count(done + i + 1, session->logits().subspan(i * vocab_size_, vocab_size_), &score);
    }
    done += count;
  }
  const double count = static_cast<double>(tokens_.size());
  return ContinuationScore{score.nll / count, score.kl / count, score.same_top / count};
}

}  // namespace dynsplit::eval
