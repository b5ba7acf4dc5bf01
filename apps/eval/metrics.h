// How a written answer becomes a score.
#pragma once

#include <string_view>

#include "apps/eval/task.h"

namespace dynsplit::eval {

// What question.metric makes of the answer, in [0, 1]. Not for kContinuation, which has no answer.
double ScoreAnswer(const Question& question, std::string_view answer);

}  // namespace dynsplit::eval
