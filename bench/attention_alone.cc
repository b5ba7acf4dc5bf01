// The attention of one decoded token, without the rest of the model: ggml's flash attention beside
// full attention and selection here, over the same keys and values, in turn.
//
//     attention_alone MODEL TOKENS [ROUNDS [SPEC]]
//
// The context is made of the keys and values of 1,024 tokens that are read (FillSynthetically).
// ggml's op gets a copy of them, laid out as llama.cpp's cache. Prints the milliseconds of a token,
// all layers together: of each round the mean over 16 tokens, of the rounds the median, least and
// greatest, and how many times as long ggml takes. SPEC: the method that selects, with the dense
// heads of the model's profile (dynsplit+dense-heads=7.2 for SmolLM2-135M). Not the same in both:
// ours runs between the model's products, which take the caches, and appends its token; ggml's runs
// layer after layer, masks nothing, and counts its waiting. Exit status 1, with the reason on
// stderr, where something fails.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/rng.h"
#include "dynsplit/engine.h"
#include "engine/engine_impl.h"
#include "engine/op_times.h"
#include "engine/synthetic_fill.h"
#include "ggml-cpu.h"
#include "ggml.h"
#include "store/pinned_pages.h"

namespace dynsplit {
namespace {

constexpr int64_t kReadTokens = 1024;
constexpr int kSteps = 16;
constexpr int kWarmUpSteps = 4;

struct Plan {
  std::string model;
  int64_t tokens = 0;
  int rounds = 3;
  std::string spec = "dynsplit";
};

std::vector<int32_t> Tokens(int64_t count) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < count; ++i) tokens.push_back(static_cast<int32_t>(i * i % 977));
  return tokens;
}

// ggml's flash attention of one row in all layers.
class FlashAttention {
 public:
  FlashAttention(const CacheShape& shape, int64_t tokens, int threads)
      : shape_(shape), tokens_(tokens) {
    const auto nodes = 3 * static_cast<size_t>(shape.num_layers);  // two views and the op
    context_.reset(ggml_init(
        {.mem_size = 2 * nodes * ggml_tensor_overhead() + ggml_graph_overhead_custom(nodes, false),
         .mem_buffer = nullptr,
         .no_alloc = true}));
    graph_ = ggml_new_graph_custom(context_.get(), nodes, false);
    ggml_threadpool_params params = ggml_threadpool_params_default(threads);
    threadpool_.reset(ggml_threadpool_new(&params));
    threads_ = threads;
  }

  // Copies the pages; before Step.
  Status Copy(const PageTable& table) {
    for (int layer = 0; layer < shape_.num_layers; ++layer) {
      const int heads = shape_.KvHeads(layer);
      ggml_tensor* keys = New(GGML_TYPE_F16, shape_.head_dim, heads, tokens_);
      ggml_tensor* values = New(GGML_TYPE_F16, shape_.value_dim, heads, tokens_);
      for (int head = 0; head < heads; ++head) {
        PinnedPages pages(table, layer, head);
        DYNSPLIT_RETURN_IF_ERROR(pages.Pin(KvPart::kKeys, TokenRange{0, tokens_}));
        DYNSPLIT_RETURN_IF_ERROR(pages.Pin(KvPart::kValues, TokenRange{0, tokens_}));
        const KvView view = pages.view();
        for (int64_t token = 0; token < tokens_; ++token) {
          std::copy_n(view.Key(token), shape_.head_dim, RowOf(keys, token, head));
          std::copy_n(view.Value(token), shape_.value_dim, RowOf(values, token, head));
        }
      }
      AddOp(keys, values);
    }
    plan_ = ggml_graph_plan(graph_, threads_, threadpool_.get());
    work_.Resize(plan_.work_size);
    plan_.work_data = work_.data();
    return {};
  }

  void Step() { ggml_graph_compute(graph_, &plan_); }

 private:
  struct Deleter {
    void operator()(ggml_context* context) const { ggml_free(context); }
    void operator()(ggml_threadpool* threadpool) const { ggml_threadpool_free(threadpool); }
  };

  // Rows [tokens, heads, dim], as llama.cpp has them, each on a line of the cache.
  ggml_tensor* New(ggml_type type, int64_t dim, int64_t heads, int64_t tokens) {
    ggml_tensor* tensor = ggml_new_tensor_3d(context_.get(), type, dim, heads, tokens);
    memory_.emplace_back(ggml_nbytes(tensor));
    tensor->data = memory_.back().data();
    return tensor;
  }
  static f16* RowOf(ggml_tensor* rows, int64_t token, int head) {
    return static_cast<f16*>(rows->data) + (token * rows->ne[1] + head) * rows->ne[0];
  }

  void AddOp(ggml_tensor* keys, ggml_tensor* values) {
    ggml_tensor* queries = New(GGML_TYPE_F32, shape_.head_dim, 1, shape_.num_heads);
    // What they ask makes no difference to it, but that weights too small for normal numbers take
    // five times as long: these are short, and attend to everything a little.
    for (int64_t i = 0; i < ggml_nelements(queries); ++i) {
      static_cast<float*>(queries->data)[i] = static_cast<float>(2 * rng_.Uniform() - 1);
    }
    ggml_context* context = context_.get();
    ggml_tensor* op = ggml_flash_attn_ext(context, queries, ggml_permute(context, keys, 0, 2, 1, 3),
                                          ggml_permute(context, values, 0, 2, 1, 3), nullptr,
                                          shape_.Scale(), 0, shape_.score_cap);
    memory_.emplace_back(ggml_nbytes(op));
    op->data = memory_.back().data();
    ggml_build_forward_expand(graph_, op);
  }

  CacheShape shape_;
  int64_t tokens_;
  Rng rng_{1};
  int threads_ = 0;
  std::unique_ptr<ggml_context, Deleter> context_;
  std::unique_ptr<ggml_threadpool, Deleter> threadpool_;
  std::vector<AlignedBuffer<uint8_t>> memory_;  // of the tensors
  AlignedBuffer<uint8_t> work_;
  ggml_cgraph* graph_ = nullptr;
  ggml_cplan plan_{};
};

double MsOfFlash(FlashAttention* flash) {
  flash->Step();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kSteps; ++i) flash->Step();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
             .count() /
         kSteps;
}

// Of a fork of `base` under the method: all steps of AttentionBatch together.
Result<double> MsOfMethod(Engine* engine, const Session& base, const Method& method) {
  const auto session = base.Fork();
  DYNSPLIT_RETURN_IF_ERROR(session->SetMethod(method));
  OpTimes times(engine->threads());
  for (int i = 0; i < kWarmUpSteps + kSteps; ++i) {
    if (i == kWarmUpSteps) TimeOps(engine, &times);
    const std::vector<int32_t> token = {Tokens(i + 2).back()};
    const Status status = session->Feed(token, {.attention = Attention::kSelected});
    if (!status.ok()) return status;
  }
  TimeOps(engine, nullptr);
  double seconds = 0;
  for (const OpTime& op : times.Report().ops) {
    if (op.busy_seconds) seconds += op.seconds;  // a step of attention, not an op of ggml
  }
  return 1e3 * seconds / kSteps;
}

struct Rounds {
  std::string name;
  std::vector<double> ms;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Print(const Rounds& flash, const Rounds& other) {
  const auto [least, most] = std::minmax_element(other.ms.begin(), other.ms.end());
  std::vector<double> ratios;
  for (size_t i = 0; i < other.ms.size(); ++i) ratios.push_back(flash.ms[i] / other.ms[i]);
  std::printf("%-28s %8.2f  (%.2f .. %.2f) ms   %.1f x\n", other.name.c_str(), Median(other.ms),
              *least, *most, Median(ratios));
}

Status Run(const Plan& plan) {
  std::vector<Method> methods;
  for (const std::string& spec : {std::string("full"), plan.spec}) {
    const auto method = ParseMethod(spec);
    if (!method.ok()) return method.status();
    methods.push_back(*method);
  }
  const auto model = Model::Load(plan.model);
  if (!model.ok()) return model.status();
  const auto engine = Engine::Create(*model, {.context_tokens = plan.tokens + 64});
  if (!engine.ok()) return engine.status();
  const auto session = (*engine)->NewSession();
  if (!session.ok()) return session.status();
  DYNSPLIT_RETURN_IF_ERROR((*session)->Feed(Tokens(kReadTokens)));
  DYNSPLIT_RETURN_IF_ERROR(FillSynthetically(session->get(), plan.tokens - kReadTokens));
  const SemanticCache& cache = (*session)->impl().cache;
  if (cache.shape().NumGlobal() < cache.shape().num_layers) {
    return Unsupported(plan.model + ": has layers with a window");
  }
  FlashAttention flash(cache.shape(), plan.tokens, (*engine)->threads());
  DYNSPLIT_RETURN_IF_ERROR(flash.Copy(cache.pages()));
  Rounds ggml = {"ggml, flash attention", {}};
  std::vector<Rounds> ours = {{"full", {}}, {plan.spec, {}}};
  for (int round = 0; round < plan.rounds; ++round) {
    ggml.ms.push_back(MsOfFlash(&flash));
    for (size_t i = 0; i < methods.size(); ++i) {
      const Result<double> ms = MsOfMethod(engine->get(), **session, methods[i]);
      if (!ms.ok()) return ms.status();
      ours[i].ms.push_back(*ms);
    }
  }
  std::printf("%s, %ld tokens, %d threads; %s\n", (*model)->description().name.c_str(),
              static_cast<long>(plan.tokens), (*engine)->threads(), (*engine)->BuildInfo().c_str());
  Print(ggml, ggml);
  for (const Rounds& rounds : ours) Print(ggml, rounds);
  return {};
}

}  // namespace
}  // namespace dynsplit

int main(int argc, char** argv) {
  if (argc < 3 || argc > 5 || std::atoll(argv[2]) < 2048 || (argc > 3 && std::atoi(argv[3]) < 1)) {
    std::fprintf(stderr, "usage: attention_alone MODEL TOKENS [ROUNDS [SPEC]]  (2048 or more)\n");
    return 2;
  }
  dynsplit::Plan plan = {.model = argv[1], .tokens = std::atoll(argv[2])};
  if (argc > 3) plan.rounds = std::atoi(argv[3]);
  if (argc > 4) plan.spec = argv[4];
  const dynsplit::Status status = dynsplit::Run(plan);
  if (!status.ok()) std::fprintf(stderr, "attention_alone: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
