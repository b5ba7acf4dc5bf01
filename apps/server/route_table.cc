#include "apps/server/route_table.h"

#include <algorithm>

namespace dynsplit::server {
namespace {

// Longer ones have no route, and std::regex takes a frame of the stack for each character.
constexpr size_t kMaxPathBytes = 1024;

}  // namespace

void RouteTable::Add(const std::string& method, const std::string& pattern) {
  routes_.push_back({.method = method, .pattern = pattern});
  compiled_.emplace_back(pattern);
}

std::string RouteTable::LabelOf(const std::string& path) const {
  if (path.size() > kMaxPathBytes) return "other";
  for (size_t i = 0; i < routes_.size(); ++i) {
    const std::string& pattern = routes_[i].pattern;
    if (std::regex_match(path, compiled_[i])) return pattern.substr(0, pattern.find('('));
  }
  return "other";
}

std::string RouteTable::OtherMethods(const std::string& method, const std::string& path) const {
  if (path.size() > kMaxPathBytes) return "";
  std::vector<std::string> methods;
  for (size_t i = 0; i < routes_.size(); ++i) {
    if (!std::regex_match(path, compiled_[i])) continue;
    const std::string& known = routes_[i].method;
    if (known == method || (known == "GET" && method == "HEAD")) return "";
    if (std::find(methods.begin(), methods.end(), known) == methods.end()) methods.push_back(known);
  }
  std::string joined;
  for (const std::string& known : methods) joined += (joined.empty() ? "" : ", ") + known;
  return joined;
}

}  // namespace dynsplit::server
