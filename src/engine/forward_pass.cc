#include "engine/forward_pass.h"

#include <algorithm>
#include <new>

#include "ggml-alloc.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "ggml.h"

namespace dynsplit {
namespace {

// One for decoding, one for full chunks of a prompt, one for its last chunk, one to spare.
constexpr size_t kKeptGraphs = 4;

constexpr size_t kAttentionNodes = 8;  // of a layer: its steps are 6
constexpr size_t kInputNodes = 3;

struct ContextDeleter {
  void operator()(ggml_context* context) const { ggml_free(context); }
};
struct AllocatorDeleter {
  void operator()(ggml_gallocr* allocator) const { ggml_gallocr_free(allocator); }
};

void Upload(ggml_tensor* tensor, std::span<const int32_t> values) {
  std::copy(values.begin(), values.end(), static_cast<int32_t*>(tensor->data));
}

// What is done after each node, by worker 0.
struct Watch {
  const std::atomic<bool>* cancel;
  OpTimes* times;
};

// Whether the pass is to end.
bool AfterNode(void* data) {
  const Watch& watch = *static_cast<const Watch*>(data);
  if (watch.times != nullptr) watch.times->NodeDone();
  return watch.cancel != nullptr && watch.cancel->load();
}

}  // namespace

struct ForwardPass::Graph {
  std::unique_ptr<ggml_context, ContextDeleter> context;
  std::unique_ptr<ggml_gallocr, AllocatorDeleter> allocator;
  ggml_cgraph* nodes = nullptr;
  GraphInputs inputs;
  ggml_tensor* logits = nullptr;
  bool observes_all = false;
  ggml_cplan plan{};
  AlignedBuffer<uint8_t> work;
};

ForwardPass::ForwardPass(const Weights* weights, AttentionOps* attention, int threads,
                         int64_t context_tokens)
    : weights_(weights), attention_(attention), threads_(threads), context_tokens_(context_tokens) {
  ggml_cpu_init();
  // Kept over all passes: where ggml was built without OpenMP it would else start its threads anew
  // for each.
  ggml_threadpool_params params = ggml_threadpool_params_default(threads);
  threadpool_.reset(ggml_threadpool_new(&params));
}

void ForwardPass::ThreadpoolDeleter::operator()(ggml_threadpool* threadpool) const {
  ggml_threadpool_free(threadpool);
}

ForwardPass::~ForwardPass() = default;

Result<std::span<const float>> ForwardPass::Run(const PassInputs& inputs,
                                                const std::atomic<bool>* cancel) {
  Result<Graph*> found = GraphFor(inputs);
  if (!found.ok()) return found.status();
  Graph& graph = **found;
  Upload(graph.inputs.tokens, inputs.tokens);
  Upload(graph.inputs.positions, inputs.positions);
  Upload(graph.inputs.output_rows, inputs.output_rows);
  Watch watch = {cancel, times_};
  graph.plan.abort_callback = cancel == nullptr && times_ == nullptr ? nullptr : &AfterNode;
  graph.plan.abort_callback_data = &watch;
  if (times_ != nullptr) times_->BeginPass(graph.nodes);
  switch (ggml_graph_compute(graph.nodes, &graph.plan)) {
    case GGML_STATUS_SUCCESS:
      if (times_ != nullptr) times_->EndPass();
      break;
    case GGML_STATUS_ABORTED:
      return Cancelled("pass of " + std::to_string(inputs.tokens.size()) + " tokens cancelled");
    case GGML_STATUS_ALLOC_FAILED:
      return ResourceExhausted("no memory for a pass of " + std::to_string(inputs.tokens.size()) +
                               " tokens");
    case GGML_STATUS_FAILED:
      return Internal("ggml could not compute a pass");
  }
  return std::span<const float>(static_cast<const float*>(graph.logits->data),
                                static_cast<size_t>(ggml_nelements(graph.logits)));
}

Result<ForwardPass::Graph*> ForwardPass::GraphFor(const PassInputs& pass) {
  const int rows = static_cast<int>(pass.tokens.size());
  const int outputs = static_cast<int>(pass.output_rows.size());
  const auto fits = [&](const std::unique_ptr<Graph>& graph) {
    return graph->inputs.tokens->ne[0] == rows && graph->inputs.output_rows->ne[0] == outputs &&
           graph->observes_all == pass.observe_all;
  };
  auto it = std::find_if(graphs_.begin(), graphs_.end(), fits);
  if (it == graphs_.end()) {
    if (graphs_.size() == kKeptGraphs) graphs_.pop_back();
    Result<std::unique_ptr<Graph>> built = BuildGraph(rows, outputs);
    if (!built.ok()) return built.status();
    (*built)->observes_all = pass.observe_all;
    it = graphs_.insert(graphs_.end(), *std::move(built));
  }
  std::rotate(graphs_.begin(), it, it + 1);
  return graphs_.front().get();
}

Result<std::unique_ptr<ForwardPass::Graph>> ForwardPass::BuildGraph(int rows, int outputs) const {
  auto graph = std::make_unique<Graph>();
  const size_t most_nodes = kInputNodes + MostNodes(weights_->config()) +
                            kAttentionNodes * static_cast<size_t>(weights_->config().num_layers);
  graph->context.reset(ggml_init({.mem_size = 2 * most_nodes * ggml_tensor_overhead() +
                                              ggml_graph_overhead_custom(most_nodes, false),
                                  .mem_buffer = nullptr,
                                  .no_alloc = true}));
  ggml_context* context = graph->context.get();
  if (context == nullptr) return ResourceExhausted("no memory for a graph");
  const auto input = [context](int length) {
    ggml_tensor* tensor = ggml_new_tensor_1d(context, GGML_TYPE_I32, length);
    ggml_set_input(tensor);
    return tensor;
  };
  graph->inputs = {.tokens = input(rows), .positions = input(rows), .output_rows = input(outputs)};
  graph->logits = BuildModel({context, weights_->config(), weights_->tensors(rows), graph->inputs,
                              *attention_, context_tokens_});
  ggml_set_output(graph->logits);
  graph->nodes = ggml_new_graph_custom(context, most_nodes, false);
  ggml_build_forward_expand(graph->nodes, graph->logits);
  // Run fills these even where no node reads them: where no layer rotates, and where every row is
  // wanted.
  ggml_build_forward_expand(graph->nodes, graph->inputs.positions);
  ggml_build_forward_expand(graph->nodes, graph->inputs.output_rows);
  graph->allocator.reset(ggml_gallocr_new(ggml_backend_cpu_buffer_type()));
  if (!ggml_gallocr_alloc_graph(graph->allocator.get(), graph->nodes)) {
    return ResourceExhausted("no memory for the activations of " + std::to_string(rows) +
                             " tokens");
  }
  graph->plan = ggml_graph_plan(graph->nodes, threads_, threadpool_.get());
  try {
    graph->work.Resize(graph->plan.work_size);
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("no memory for ggml's work buffer");
  }
  graph->plan.work_data = graph->work.data();
  return graph;
}

}  // namespace dynsplit
