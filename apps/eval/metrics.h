// From an answer to a score: RULER's string match (Hsieh et al. 2024) and LongBench's metrics (Bai
// et al. 2023), so that figures can stand beside published ones.
#pragma once

#include <string_view>

#include "apps/eval/task.h"

namespace dynsplit::eval {

// The score of `answer`, in [0, 1], by question.metric. Where several answers are expected,
// LongBench's metrics take the best. ASCII letters compare without regard to case in kContainsAll,
// kContainsAny and kF1. A question of kContinuation has no answer to score: it must not get here.
// Thread safety: pure. Cost: see text_similarity.h.
double ScoreAnswer(const Question& question, std::string_view answer);

}  // namespace dynsplit::eval
