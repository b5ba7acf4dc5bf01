#include "kernels/quantize_summary.h"

#include "base/check.h"
#include "kernels/quantize_summary_simd.h"

namespace dynsplit {

void QuantizeSummary(const QuantizeSummaryArgs& args, int8_t* int8s, float* scales) {
  DYNSPLIT_CHECK(args.head_dim > 0 && args.head_dim <= kMaxHeadDim && args.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.vectors > 0 && (args.kind != SummaryKind::kMinMax || args.vectors == 2));
  QuantizeSummarySimd(args, int8s, scales);
}

}  // namespace dynsplit
