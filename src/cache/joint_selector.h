// What the rows of a span under Attention::kJoint attend to: up to kMaxQueryRows rows choose
// together, by the means of the cache's RunIndex (method.md section 8).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "cache/pass_span.h"
#include "cache/semantic_cache.h"
#include "kernels/top_indices.h"

namespace dynsplit {

// Consecutive rows of a span under one KV head.
struct RowBlock {
  const Span* span = nullptr;
  int first = 0;  // in the span
  int rows = 0;   // 1..kMaxQueryRows
  LayerHead head;
};

// Row i attends to `earlier`, ascending, then to everything from dense_start on to itself.
struct JointChoice {
  std::span<const TokenRange> earlier = {};  // valid until the worker's next Choose
  int64_t dense_start = 0;                   // a multiple of kPageTokens
};

class JointSelector {
 public:
  JointSelector(const CacheShape& shape, int max_workers);

  // Makes room for a pass, 24 bytes for every token of the longest text and worker, so that Choose
  // allocates nothing but where a choice is longer than all before it. Throws std::bad_alloc.
  void Begin(std::span<const Span> spans);

  // Not in layers with a window.
  bool Selects(const Span& span, LayerHead head) const;

  // queries [rows of the pass, num_heads, head_dim]. Everything is attended to where the layer's
  // budget, or the layers' mean one, holds it. Thread safety: each worker by itself.
  JointChoice Choose(const RowBlock& block, const float* queries, Worker worker);

 private:
  struct Scratch {
    AlignedBuffer<float> floats;  // of RunScore
    std::vector<float> worth;     // [runs]
    std::vector<const f16*> chunks;
    TopIndicesScratch top;
    std::vector<int32_t> chosen;
    std::vector<TokenRange> ranges;
  };

  int64_t RunsWanted(const RowBlock& block, int64_t num_runs) const;
  void Score(const RowBlock& block, const float* queries, int64_t num_runs, Scratch* scratch);

  CacheShape shape_;
  std::vector<double> weights_;   // [num_layers]: a layer's budget, of the mean one
  std::vector<Scratch> scratch_;  // [max_workers]
};

}  // namespace dynsplit
