#include "apps/server/access.h"

#include <strings.h>

#include <utility>

namespace dynsplit::server {
namespace {

constexpr std::string_view kScheme = "Bearer ";  // in any case of its letters

bool SameInConstantTime(std::string_view got, std::string_view want) {
  unsigned different = got.size() == want.size() ? 0 : 1;
  for (size_t i = 0; i < got.size(); ++i) {
    const auto a = static_cast<unsigned char>(got[i]);
    const auto b = static_cast<unsigned char>(want.empty() ? 0 : want[i % want.size()]);
    different |= static_cast<unsigned>(a ^ b);
  }
  return different == 0;
}

}  // namespace

Access::Access(std::vector<std::string> keys) : keys_(std::move(keys)) {}

std::optional<std::string> Access::Check(std::string_view authorization) const {
  if (keys_.empty()) return "";
  if (authorization.size() < kScheme.size() ||
      strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) {
    return {};
  }
  authorization.remove_prefix(kScheme.size());
  std::optional<std::string> found;
  for (const std::string& key : keys_) {  // all of them, wherever the right one is
    if (SameInConstantTime(authorization, key)) found = key;
  }
  return found;
}

}  // namespace dynsplit::server
