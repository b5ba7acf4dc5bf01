// Tokens of the parts of a text, so that a text can be filled to a length without encoding all of
// it again for each part.
#pragma once

#include <cstdint>
#include <string_view>

#include "dynsplit/status.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit::eval {

// How many tokens `part` adds to a text that ends with a newline. Exact but for merges across the
// seam, which vocabularies keep to the white space there.
Result<int64_t> CountPart(std::string_view part, const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
