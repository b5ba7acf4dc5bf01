#include "kernels/isa.h"

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#include "hwy/targets.h"

namespace dynsplit {
namespace {

constexpr int64_t kPortable = HWY_TARGETS & (HWY_SCALAR | HWY_EMU128);

// What this machine has, asked once: later answers of Highway are subject to RestrictIsa.
int64_t MachineTargets() {
  static const int64_t targets = (hwy::SupportedTargets() & HWY_TARGETS) | kPortable;
  return targets;
}

int64_t Best(int64_t targets) { return targets & -targets; }  // a lower bit is a better target

}  // namespace

std::string ActiveIsa() {
  return hwy::TargetName(Best((hwy::SupportedTargets() & MachineTargets()) | kPortable));
}

std::vector<std::string> AvailableIsas() {
  std::vector<std::string> names;
  for (int64_t rest = MachineTargets(); rest != 0; rest &= rest - 1) {
    names.emplace_back(hwy::TargetName(Best(rest)));
  }
  return names;
}

bool RestrictIsa(const std::string& name) {
  if (name.empty()) {
    hwy::SetSupportedTargetsForTest(0);
    return true;
  }
  for (int64_t rest = MachineTargets(); rest != 0; rest &= rest - 1) {
    if (name != hwy::TargetName(Best(rest))) continue;
    hwy::SetSupportedTargetsForTest(rest);
    return true;
  }
  return false;
}

}  // namespace dynsplit
