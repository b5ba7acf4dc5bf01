// The Highway version of Summarize: the same contract, nothing checked. And the runs that it
// cuts a block into.
#pragma once

#include <algorithm>

#include "kernels/summarize.h"

namespace dynsplit {

// Run j of a block that is cut into `vectors` runs; never empty.
inline TokenRange SummaryRun(TokenRange block, int vectors, int j) {
  const int64_t length = block.end - block.start;
  const int64_t start = block.start + j * length / vectors;
  const int64_t end = block.start + (j + 1) * length / vectors;
  return {start, std::max(end, start + 1)};
}

void SummarizeSimd(SummaryKind kind, const KvView& kv, TokenRange block, int vectors, f16* out);

}  // namespace dynsplit
