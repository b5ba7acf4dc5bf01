// Reads the vocabulary of a GGUF file (keys tokenizer.*) as it stands there.
#pragma once

#include "dynsplit/status.h"
#include "model/gguf_reader.h"
#include "model/vocabulary.h"

namespace dynsplit {

// Corruption for a key of the wrong type, a missing tokenizer.ggml.model or .tokens, and lists of
// scores or types that are not as long as the list of tokens. The rest is Tokenizer::Create's.
Result<Vocabulary> ReadVocabulary(const GgufReader& reader);

}  // namespace dynsplit
