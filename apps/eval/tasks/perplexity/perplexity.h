// Continuations of a text, scored token by token: perplexity, and divergence from full attention.
#pragma once

#include <string_view>
#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

constexpr int64_t kContinuedTokens = 512;

// Pieces of options.haystack, else of prose and code that Debian packages hold, that do not overlap
// and are spread over the text by the seed: options.context_tokens of document, then
// kContinuedTokens that follow it. options.num_questions pieces, or as many as the text is long
// enough for. InvalidArgument, with both lengths, where it is too short for one.
Result<std::vector<Document>> MakePerplexity(const TaskOptions& options,
                                             const Tokenizer& tokenizer);

// Document::kind of a file: by the ending of its name, else "code" where three in ten lines are
// indented or end as code does, else "prose".
std::string_view TextKind(std::string_view path, std::string_view content);

}  // namespace dynsplit::eval
