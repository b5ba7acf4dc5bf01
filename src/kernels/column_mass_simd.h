// The Highway version of ColumnMass: the same contract, nothing checked.
#pragma once

#include "kernels/column_mass.h"

namespace dynsplit {

void ColumnMassSimd(const ColumnMassArgs& args, float* mass);

}  // namespace dynsplit
