#include "apps/server/route_table.h"

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
  std::string pattern, methods;
  for (size_t i = 0; i < routes_.size(); ++i) {
    if (pattern.empty() && std::regex_match(path, compiled_[i])) pattern = routes_[i].pattern;
    if (pattern.empty() || routes_[i].pattern != pattern) continue;
    const std::string& known = routes_[i].method;
    if (known == method || (known == "GET" && method == "HEAD")) return "";
    methods += (methods.empty() ? "" : ", ") + known;
  }
  return methods;
}

}  // namespace dynsplit::server
