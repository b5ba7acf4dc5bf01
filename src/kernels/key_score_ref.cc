#include "kernels/f16.h"
#include "kernels/key_score.h"
#include "kernels/page_codec.h"
#include "kernels/score_cap.h"

namespace dynsplit {

void KeyScoreRef(const KeyScoreArgs& args, float* scores, int64_t score_stride) {
  for (int64_t i = 0; i < args.num_tokens; ++i) {
    const std::vector<f16> key = DecodedRow(args.kv.Part(KvPart::kKeys), args.tokens[i]);
    for (int head = 0; head < args.group_heads; ++head) {
      double dot = 0;
      for (int j = 0; j < args.kv.head_dim; ++j) {
        dot += double{args.queries[head * args.kv.head_dim + j]} * F32FromF16(key[j]);
      }
      scores[head * score_stride + i] =
          static_cast<float>(CappedScore(args.scale * dot, args.score_cap));
    }
  }
}

}  // namespace dynsplit
