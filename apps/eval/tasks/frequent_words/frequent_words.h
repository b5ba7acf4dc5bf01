// A text of made-up words: which three are the most frequent.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

Result<std::vector<Document>> MakeFrequentWords(const TaskOptions& options,
                                                const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
