#include "apps/common/memory_usage.h"

#include <fstream>
#include <string>

namespace dynsplit {

int64_t PeakRssBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) != 0) continue;
    return std::stoll(line.substr(6)) * 1024;  // "VmHWM:   123456 kB"
  }
  return 0;
}

bool ResetPeakRss() {
  std::ofstream clear_refs("/proc/self/clear_refs");
  clear_refs << "5" << std::flush;
  return clear_refs.good();
}

}  // namespace dynsplit
