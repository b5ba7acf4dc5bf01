// The Highway version of LocalMass: the same contract, nothing checked.
#pragma once

#include "kernels/local_mass.h"

namespace dynsplit {

void LocalMassSimd(const LocalMassArgs& args, float* mass);

}  // namespace dynsplit
