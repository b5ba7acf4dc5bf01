// Retrieval in tables: the value in a row and a column.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

// See tasks/generated/generated_task.h for lengths, errors and how facts are chosen.
Result<std::vector<Document>> MakeTable(const TaskOptions& options, const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
