// Who may ask: API keys as "Authorization: Bearer KEY" carries them. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dynsplit::server {

class Access {
 public:
  explicit Access(std::vector<std::string> keys);  // none: everybody may ask

  // The key, "" where there are none; nothing for a header that carries no key of them. Takes as
  // long for a key that is nearly right as for any other of its length.
  std::optional<std::string> Check(std::string_view authorization) const;

 private:
  std::vector<std::string> keys_;
};

}  // namespace dynsplit::server
