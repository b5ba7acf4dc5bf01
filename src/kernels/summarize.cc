#include "kernels/summarize.h"

#include "base/check.h"
#include "kernels/summarize_simd.h"

namespace dynsplit {

void Summarize(SummaryKind kind, const KvView& kv, TokenRange block, int vectors, f16* out) {
  DYNSPLIT_CHECK(kv.head_dim > 0 && kv.head_dim % 16 == 0);
  DYNSPLIT_CHECK(block.start >= 0 && block.start < block.end);
  DYNSPLIT_CHECK(vectors > 0 && (kind != SummaryKind::kMinMax || vectors == 2));
  SummarizeSimd(kind, kv, block, vectors, out);
}

}  // namespace dynsplit
