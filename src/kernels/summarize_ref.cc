#include <algorithm>

#include "kernels/f16.h"
#include "kernels/summarize.h"

namespace dynsplit {
namespace {

float KeyElement(const KvView& kv, int64_t token, int j) { return F32FromF16(kv.Key(token)[j]); }

float Mean(const KvView& kv, TokenRange run, int j) {
  double sum = 0;
  for (int64_t token = run.start; token < run.end; ++token) sum += KeyElement(kv, token, j);
  return static_cast<float>(sum / static_cast<double>(run.end - run.start));
}

}  // namespace

void SummarizeRef(SummaryKind kind, const KvView& kv, TokenRange block, int vectors, f16* out) {
  const int64_t length = block.end - block.start;
  for (int j = 0; j < kv.head_dim; ++j) {
    if (kind == SummaryKind::kMinMax) {
      float min = KeyElement(kv, block.start, j), max = min;
      for (int64_t token = block.start; token < block.end; ++token) {
        min = std::min(min, KeyElement(kv, token, j));
        max = std::max(max, KeyElement(kv, token, j));
      }
      out[j] = F16FromF32(min);
      out[kv.head_dim + j] = F16FromF32(max);
      continue;
    }
    for (int v = 0; v < vectors; ++v) {
      TokenRange run = {block.start + v * length / vectors,
                        block.start + (v + 1) * length / vectors};
      run.end = std::max(run.end, run.start + 1);
      out[v * kv.head_dim + j] = F16FromF32(Mean(kv, run, j));
    }
  }
}

}  // namespace dynsplit
