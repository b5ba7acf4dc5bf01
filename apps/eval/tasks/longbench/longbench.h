// LongBench (Bai et al. 2023) from JSON lines that the user supplies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

// One document with one question for each line of options.data, in its order; options.num_questions
// of them, chosen by the seed, where it has more. Contexts longer than options.context_tokens are
// cut in the middle. Errors name file and line: InvalidArgument for what is not JSON or lacks a
// field, Unsupported for a data set that needs Chinese words.
Result<std::vector<Document>> MakeLongBench(const TaskOptions& options, const Tokenizer& tokenizer);

// The beginning and the end of `text`, num_tokens tokens in all and half of them each; all of it
// where it has no more. Characters that the cut falls into are left out.
Result<std::string> CutMiddle(std::string_view text, int64_t num_tokens,
                              const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
