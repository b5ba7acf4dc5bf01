// Four numbers for each key, hidden at four places; all four are asked for.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

Result<std::vector<Document>> MakeNiahMultivalue(const TaskOptions& options,
                                                 const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
