// SIGINT, and SIGTERM where it is asked for, as a flag that the engine looks at between passes.
#pragma once

#include <atomic>

namespace dynsplit::cli {

// From now on the first SIGINT sets the flag and the second one ends the program at once. Calling
// it again clears the flag and starts anew. The flag lives as long as the program.
std::atomic<bool>* CatchInterrupt();
// From now on the first SIGTERM sets it too. After CatchInterrupt.
void CatchTermination();

}  // namespace dynsplit::cli
