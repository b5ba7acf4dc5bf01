#include "kernels/f16.h"
#include "kernels/key_score.h"

namespace dynsplit {

void KeyScoreRef(const KeyScoreArgs& args, float* scores, int64_t score_stride) {
  int64_t key = 0;
  for (int t = 0; t < args.num_tiles; ++t) {
    for (int row = 0; row < args.tiles[t].rows; ++row, ++key) {
      const f16* values = args.kv.Key(args.tiles[t].start + row);
      for (int head = 0; head < args.group_heads; ++head) {
        double dot = 0;
        for (int j = 0; j < args.kv.head_dim; ++j) {
          dot += double{args.queries[head * args.kv.head_dim + j]} * F32FromF16(values[j]);
        }
        scores[head * score_stride + key] = static_cast<float>(args.scale * dot);
      }
    }
  }
}

}  // namespace dynsplit
