// A block's summary from f16 to int8: half the bytes of the index, and of what each token reads.
#pragma once

#include "kernels/summary_view.h"

namespace dynsplit {

struct QuantizeSummaryArgs {
  SummaryKind kind = SummaryKind::kMean;
  const f16* summary = nullptr;  // [vectors, head_dim], finite
  int vectors = 1;               // 2 for kMinMax
  int head_dim = 0;              // a multiple of 16, at most kMaxHeadDim
};

// Writes int8s [vectors, head_dim] and scales [rows]: element = int8 * the scale of its row, which
// is the row's largest magnitude / 127, rounded up to 16 significant bits. Means are rounded to
// nearest, minima down and maxima up: since such a scale times an int8 is exact in f32, and the
// keys are f16, the bounds stay bounds without exception.
// Cost: two passes over the summary. Thread safety: calls may run at once on distinct outputs.
void QuantizeSummary(const QuantizeSummaryArgs& args, int8_t* int8s, float* scales);
void QuantizeSummaryRef(const QuantizeSummaryArgs& args, int8_t* int8s, float* scales);

}  // namespace dynsplit
