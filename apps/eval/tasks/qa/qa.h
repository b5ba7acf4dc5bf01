// RULER's question answering (Hsieh et al. 2024): the paragraphs that answer, among others.
#pragma once

#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

// Documents of options.context_tokens from the paragraphs of options.data (see qa_file.h), the
// questions in an order by the seed: as many in each document as their paragraphs leave room for,
// at most options.questions_per_document. Fewer than options.num_questions where the file has no
// more. InvalidArgument where no question fits or the paragraphs are too few to fill a document.
Result<std::vector<Document>> MakeQa(const TaskOptions& options, const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
