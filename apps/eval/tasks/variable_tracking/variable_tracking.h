// Chains of assignments hidden in a long text: which variables have a value, over four hops.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

Result<std::vector<Document>> MakeVariableTracking(const TaskOptions& options,
                                                   const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
