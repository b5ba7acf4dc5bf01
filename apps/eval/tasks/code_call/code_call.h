// Retrieval in code: which function calls a named one.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

// See tasks/generated/generated_task.h for lengths, errors and how facts are chosen.
Result<std::vector<Document>> MakeCodeCall(const TaskOptions& options, const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
