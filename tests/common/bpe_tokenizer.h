// A tokenizer whose ids are known.
#pragma once

#include <memory>

#include "dynsplit/tokenizer.h"
#include "support/tiny_vocabulary.h"

namespace dynsplit::testing {

inline std::shared_ptr<const Tokenizer> BpeTokenizer() { return *Tokenizer::Create(TinyBpe()); }

}  // namespace dynsplit::testing
