// V2F, index half (method.md section 4): the fixed-size summary of a block of any length.
#pragma once

#include "kernels/kv_view.h"
#include "kernels/summary_view.h"

namespace dynsplit {

// Writes the summary of the keys of `block` to out [vectors, head_dim] in f16.
// kMean: the block is cut into `vectors` near-equal runs, run j = tokens
// [start + j*len/vectors, max(start + (j+1)*len/vectors, that + 1)), kept inside the block: a block
// shorter than `vectors` repeats its tokens (reference/dynsplit_reference.py, summaries()).
// kMinMax: out[0] = elementwise min, out[1] = max. The block must not be empty.
// Cost: one pass over the block's keys. Thread safety: calls may run at once on distinct outputs.
void Summarize(SummaryKind kind, const KvView& kv, TokenRange block, int vectors, f16* out);
void SummarizeRef(SummaryKind kind, const KvView& kv, TokenRange block, int vectors, f16* out);

}  // namespace dynsplit
