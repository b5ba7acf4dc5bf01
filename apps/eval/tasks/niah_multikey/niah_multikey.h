// As niah-single, where other keys differ from the one asked for in a word or a digit.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

Result<std::vector<Document>> MakeNiahMultikey(const TaskOptions& options,
                                               const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
