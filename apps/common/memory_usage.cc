#include "apps/common/memory_usage.h"

#include <fstream>
#include <string>

namespace dynsplit {

namespace {

// Of a line such as "VmHWM:   123456 kB".
int64_t BytesOf(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name, 0) == 0) return std::stoll(line.substr(name.size())) * 1024;
  }
  return 0;
}

}  // namespace

int64_t RssBytes() { return BytesOf("VmRSS:"); }

int64_t PeakRssBytes() { return BytesOf("VmHWM:"); }

bool ResetPeakRss() {
  std::ofstream clear_refs("/proc/self/clear_refs");
  clear_refs << "5" << std::flush;
  return clear_refs.good();
}

}  // namespace dynsplit
