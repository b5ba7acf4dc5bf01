// The Highway version of AppendRows: the same contract, nothing checked.
#pragma once

#include "kernels/append_rows.h"

namespace dynsplit {

void AppendRowsSimd(const AppendRowsArgs& args);

}  // namespace dynsplit
