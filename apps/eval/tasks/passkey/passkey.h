// A pass key at a chosen depth of a long text.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

Result<std::vector<Document>> MakePasskey(const TaskOptions& options, const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
