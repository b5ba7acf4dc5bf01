// Checks for our own bugs. DYNSPLIT_CHECK is always on and belongs at module borders;
// DYNSPLIT_DCHECK only in debug builds, for hot loops. Neither may be reachable from input:
// what comes from outside gives a Status instead (see dynsplit/status.h).
#pragma once

namespace dynsplit {

// Prints "file:line: check failed: expr" to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* expr);

}  // namespace dynsplit

#define DYNSPLIT_CHECK(cond) \
  ((cond) ? static_cast<void>(0) : ::dynsplit::CheckFailed(__FILE__, __LINE__, #cond))

#ifdef NDEBUG
#define DYNSPLIT_DCHECK(cond) static_cast<void>(0)
#else
#define DYNSPLIT_DCHECK(cond) DYNSPLIT_CHECK(cond)
#endif
