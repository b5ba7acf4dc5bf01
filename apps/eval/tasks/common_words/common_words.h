// A numbered list of words: which ten are the most common.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

Result<std::vector<Document>> MakeCommonWords(const TaskOptions& options,
                                              const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
