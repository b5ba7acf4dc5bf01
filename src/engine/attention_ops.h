// AttentionBatch's steps as ggml custom ops, so that ggml's threads and barriers drive them and no
// second thread pool exists. docs/architecture.md, "How a token flows".
#pragma once

#include <vector>

#include "cache/attention_batch.h"
#include "engine/op_times.h"
#include "model/graph_builder.h"

namespace dynsplit {

class AttentionOps : public AttentionBuilder {
 public:
  // `batch` must outlive every graph built here; the graphs refer to this object.
  AttentionOps(AttentionBatch* batch, int num_layers);

  ggml_tensor* Build(ggml_context* context, int layer, ggml_tensor* queries, ggml_tensor* keys,
                     ggml_tensor* values) override;

  // Times the steps of all passes from now on; null: none.
  void set_times(OpTimes* times) { times_ = times; }

 private:
  struct Layer {
    const AttentionOps* ops;
    int index;
  };
  static void Append(ggml_tensor* dst, int ith, int nth, void* layer);
  static void Select(ggml_tensor* dst, int ith, int nth, void* layer);
  static void Attend(ggml_tensor* dst, int ith, int nth, void* layer);
  static void Observe(ggml_tensor* dst, int ith, int nth, void* layer);

  AttentionBatch* batch_;
  OpTimes* times_ = nullptr;
  std::vector<Layer> layers_;
};

}  // namespace dynsplit
