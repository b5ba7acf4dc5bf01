#include <algorithm>
#include <cmath>

#include "kernels/f16.h"
#include "kernels/quantize_summary_simd.h"

namespace dynsplit {

void QuantizeSummaryRef(const QuantizeSummaryArgs& args, int8_t* int8s, float* scales) {
  const int length = SummaryRowLength(args.kind, args.head_dim);
  for (int row = 0; row < SummaryRows(args.kind, args.vectors); ++row) {
    const f16* from = args.summary + row * length;
    float max = 0;
    for (int j = 0; j < length; ++j) max = std::max(max, std::fabs(F32FromF16(from[j])));
    scales[row] = SummaryScale(max);
    for (int j = 0; j < length; ++j) {
      const float exact = F32FromF16(from[j]) / scales[row];
      float rounded = std::nearbyint(exact);
      if (args.kind == SummaryKind::kMinMax) {
        rounded = j < args.head_dim ? std::floor(exact) : std::ceil(exact);
      }
      // Of what is not finite the bits mean nothing, but the conversion must be defined.
      int8s[row * length + j] = static_cast<int8_t>(std::fmax(-127, std::fmin(127, rounded)));
    }
  }
}

}  // namespace dynsplit
