// Texts from files and stdin, as bytes: what is not UTF-8 is the tokenizer's business.
#pragma once

#include <string>

#include "dynsplit/status.h"

namespace dynsplit::cli {

// The whole file; "-" is stdin. NotFound, InvalidArgument for a folder, or IoError with the
// system's reason.
Result<std::string> ReadText(const std::string& path);

}  // namespace dynsplit::cli
