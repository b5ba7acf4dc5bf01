// A file is there whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "dynsplit/status.h"

namespace dynsplit {

// Written as "<path>.new", then renamed over what was there. NotFound or IoError with the path and
// the reason; the temporary file is then gone.
Status WriteFile(const std::string& path, std::string_view content);

}  // namespace dynsplit
