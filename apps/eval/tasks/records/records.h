// Retrieval in JSON: one field of one record.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

// See tasks/generated/generated_task.h for lengths, errors and how facts are chosen.
Result<std::vector<Document>> MakeRecords(const TaskOptions& options, const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
