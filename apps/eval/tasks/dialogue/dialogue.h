// Retrieval in a long chat: who said what, what was agreed, with whom.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

// See tasks/generated/generated_task.h for lengths, errors and how facts are chosen.
Result<std::vector<Document>> MakeDialogue(const TaskOptions& options, const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
