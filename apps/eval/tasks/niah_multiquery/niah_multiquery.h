// One number for each key; those of four keys are asked for at once.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

Result<std::vector<Document>> MakeNiahMultiquery(const TaskOptions& options,
                                                 const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
