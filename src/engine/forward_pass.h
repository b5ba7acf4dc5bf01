// Runs the model's graph for a pass of given size. Graphs are built once per shape and kept, with
// their buffers, so a decoded token allocates nothing. One thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dynsplit/status.h"
#include "engine/attention_ops.h"
#include "engine/op_times.h"
#include "model/weights.h"

struct ggml_threadpool;

namespace dynsplit {

struct PassInputs {
  std::span<const int32_t> tokens;       // [rows]
  std::span<const int32_t> positions;    // [rows]
  std::span<const int32_t> output_rows;  // [outputs], ascending, at least one
  bool observe_all = false;              // whether the attention observes every layer
};

class ForwardPass {
 public:
  // Weights and attention must outlive the pass. `context_tokens`: room of a sequence.
  ForwardPass(const Weights* weights, AttentionOps* attention, int threads, int64_t context_tokens);
  ~ForwardPass();

  // Logits [outputs, vocab_size], valid until the next Run. Cancelled if `cancel` (may be null)
  // was set meanwhile; ResourceExhausted where a graph's buffers find no memory.
  Result<std::span<const float>> Run(const PassInputs& inputs, const std::atomic<bool>* cancel);

  // Times the nodes of all passes from now on; null: none.
  void set_times(OpTimes* times) { times_ = times; }

 private:
  struct ThreadpoolDeleter {
    void operator()(ggml_threadpool* threadpool) const;
  };
  struct Graph;
  Result<Graph*> GraphFor(const PassInputs& pass);
  Result<std::unique_ptr<Graph>> BuildGraph(int rows, int outputs) const;

  const Weights* weights_;
  AttentionOps* attention_;
  int threads_;
  int64_t context_tokens_;
  OpTimes* times_ = nullptr;
  std::unique_ptr<ggml_threadpool, ThreadpoolDeleter> threadpool_;
  std::vector<std::unique_ptr<Graph>> graphs_;  // most recently used first
};

}  // namespace dynsplit
