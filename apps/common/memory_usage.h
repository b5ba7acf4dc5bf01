// What the process holds in memory, as Linux counts it (proc(5)).
#pragma once

#include <cstdint>

namespace dynsplit {

// Bytes resident now (VmRSS), mapped files included; 0 where the system does not say.
int64_t RssBytes();

// Most bytes resident at any time since the start or the last reset (VmHWM), mapped files
// included; 0 where the system does not say.
int64_t PeakRssBytes();

// Starts the peak anew from what is resident now. False where the system does not allow it.
bool ResetPeakRss();

}  // namespace dynsplit
