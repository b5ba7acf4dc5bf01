#include "engine/attention_ops.h"

namespace dynsplit {
namespace {

const float* Floats(const ggml_tensor* tensor) { return static_cast<const float*>(tensor->data); }

}  // namespace

AttentionOps::AttentionOps(AttentionBatch* batch, int num_layers) : batch_(batch) {
  for (int i = 0; i < num_layers; ++i) layers_.push_back({this, i});
}

ggml_tensor* AttentionOps::Build(ggml_context* context, int layer, ggml_tensor* queries,
                                 ggml_tensor* keys, ggml_tensor* values) {
  Layer* userdata = &layers_[static_cast<size_t>(layer)];
  // These have no result of their own but one number that makes the next op wait.
  const auto step = [&](ggml_custom_op_t op, int64_t columns, int64_t rows,
                        std::vector<ggml_tensor*> inputs) {
    return ggml_custom_4d(context, GGML_TYPE_F32, columns, rows, 1, 1, inputs.data(),
                          static_cast<int>(inputs.size()), op, GGML_N_TASKS_MAX, userdata);
  };
  ggml_tensor* appended = step(&Append, 1, 1, {keys, values});
  ggml_tensor* selected = step(&Select, 1, 1, {queries, appended});
  ggml_tensor* attended =
      step(&Attend, values->ne[0] * queries->ne[1], queries->ne[2], {queries, selected});
  if (!batch_->Observes(layer)) return attended;
  ggml_tensor* inputs[] = {queries};
  return ggml_custom_inplace(context, attended, inputs, 1, &Observe, GGML_N_TASKS_MAX, userdata);
}

void AttentionOps::Append(ggml_tensor* dst, int ith, int nth, void* layer) {
  const Layer& self = *static_cast<Layer*>(layer);
  const OpTimes::Step step(self.ops->times_, AttentionStep::kAppend, {ith, nth});
  self.ops->batch_->Append(self.index, Floats(dst->src[0]), Floats(dst->src[1]), {ith, nth});
}

void AttentionOps::Select(ggml_tensor* dst, int ith, int nth, void* layer) {
  const Layer& self = *static_cast<Layer*>(layer);
  const OpTimes::Step step(self.ops->times_, AttentionStep::kSelect, {ith, nth});
  self.ops->batch_->Select(self.index, Floats(dst->src[0]), {ith, nth});
}

void AttentionOps::Attend(ggml_tensor* dst, int ith, int nth, void* layer) {
  const Layer& self = *static_cast<Layer*>(layer);
  const OpTimes::Step step(self.ops->times_, AttentionStep::kAttend, {ith, nth});
  self.ops->batch_->Attend(self.index, Floats(dst->src[0]), static_cast<float*>(dst->data),
                           {ith, nth});
}

void AttentionOps::Observe(ggml_tensor* dst, int ith, int nth, void* layer) {
  // src[0] is what was attended, passed on as it is; src[1] the queries.
  const Layer& self = *static_cast<Layer*>(layer);
  const OpTimes::Step step(self.ops->times_, AttentionStep::kObserve, {ith, nth});
  self.ops->batch_->Observe(self.index, Floats(dst->src[1]), {ith, nth});
}

}  // namespace dynsplit
