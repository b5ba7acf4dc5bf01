// One number for each key, hidden in a long text; one is asked for.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

Result<std::vector<Document>> MakeNiahSingle(const TaskOptions& options,
                                             const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
