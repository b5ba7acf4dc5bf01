// Which of Highway's targets are built. Included before any header of Highway, and by every file
// that uses one, so that all dispatch tables agree.
#pragma once

// SSSE3 alone is found on no machine of the last 15 years; the scalable vector sets cannot be held
// in arrays, which the register blocking needs (such machines run NEON or portable code).
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_RVV | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)

// Keeps the portable target even where the compiler may assume a better one.
#define HWY_COMPILE_ALL_ATTAINABLE

#include "hwy/detect_targets.h"
