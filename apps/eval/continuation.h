// How well a session foresees a given continuation, by itself and beside full attention.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "dynsplit/session.h"
#include "dynsplit/status.h"

namespace dynsplit::eval {

// Of a longer continuation only so many tokens count: full attention's log-probabilities are kept,
// 4 bytes for each token of the vocabulary at each of them (600 MB for Qwen's).
inline constexpr int64_t kMaxScoredTokens = 1024;

struct ContinuationScore {
  double nll = 0;       // mean negative log-likelihood of a token, in nats
  double kl = 0;        // mean KL(full || session) of a token's distribution, in nats
  double same_top = 0;  // share of the tokens for which both think the same one likeliest
};

// How a continuation is read: many tokens a pass, each of which looks for its own blocks, or one a
// pass, as if it were being written, where steps may look at the same blocks (Method::reuse).
enum class Pace { kTogether, kStepByStep };

class Continuation {
 public:
  // At least one token; all of them are of a vocabulary of `vocab_size`.
  Continuation(std::vector<int32_t> tokens, int64_t vocab_size);

  // Every token counts: the first one by the logits that the session's last pass left of its last
  // token, the others as the session reads the continuation with Attention::kSelected. The session
  // of the first call must attend to everything; later ones are compared with it. Session::Feed's
  // errors.
  Result<ContinuationScore> Score(Session* session, const std::atomic<bool>* cancel,
                                  Pace pace = Pace::kTogether);

 private:
  // Adds to *sums what logits [vocab_size] say of token `idx`.
  void Count(size_t idx, std::span<const float> logits, ContinuationScore* sums);

  std::vector<int32_t> tokens_;
  size_t vocab_size_;
  std::vector<float> full_;  // [tokens, vocab_size] log-probabilities; empty before the first call
  std::vector<float> row_;   // [vocab_size]
};

}  // namespace dynsplit::eval
