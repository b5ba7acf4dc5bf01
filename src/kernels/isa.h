// Which instruction sets the kernels run on. One binary carries a version per target; the best one
// that the machine has is taken at run time.
#pragma once

#include <string>
#include <vector>

namespace dynsplit {

// Name of the target in use, e.g. "AVX3_ZEN4", "AVX2", "EMU128" (portable code, one value at a
// time).
std::string ActiveIsa();

// Targets that this binary has and this machine can run, best first.
std::vector<std::string> AvailableIsas();

// Restricts dispatch to `name` and what is below it; an empty name lifts the restriction. False if
// there is no such target here. Not thread safe: call it before the kernels run. For tests,
// benchmarks and `--isa`.
bool RestrictIsa(const std::string& name);

}  // namespace dynsplit
