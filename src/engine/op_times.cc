#include "engine/op_times.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstring>

#include "base/check.h"
#include "engine/engine_impl.h"
#include "ggml.h"
#include "model/graph_builder.h"

namespace dynsplit {
namespace {

// Kinds: our steps, then nodes that could not be told apart, then ggml's ops.
constexpr size_t kUnknown = kNumAttentionSteps;
constexpr size_t kFirstOp = kUnknown + 1;
constexpr size_t kNumKinds = kFirstOp + GGML_OP_COUNT;

std::string KindName(size_t kind) {
  if (kind < kNumAttentionSteps) return NameOf(static_cast<AttentionStep>(kind));
  if (kind == kUnknown) return "unknown";
  std::string name = ggml_op_name(static_cast<ggml_op>(kind - kFirstOp));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

size_t KindOf(const ggml_tensor* node) { return kFirstOp + static_cast<size_t>(node->op); }

// Which nodes ggml calls back after is its own affair: today it passes over views and computes a
// norm and the product behind it as one, older versions do not.
enum class Callbacks { kEach, kFusedNorms, kAlsoViews };
constexpr Callbacks kCallbacks[] = {Callbacks::kEach, Callbacks::kFusedNorms,
                                    Callbacks::kAlsoViews};

bool IsView(const ggml_tensor* node) {
  return node->op == GGML_OP_NONE || node->op == GGML_OP_RESHAPE || node->op == GGML_OP_VIEW ||
         node->op == GGML_OP_PERMUTE || node->op == GGML_OP_TRANSPOSE;
}

bool IsCalledBack(const ggml_tensor* node, Callbacks callbacks) {
  if (IsView(node)) return callbacks == Callbacks::kAlsoViews;
  const bool scales_norm = node->op == GGML_OP_MUL && node->src[0]->op == GGML_OP_RMS_NORM;
  return callbacks != Callbacks::kFusedNorms || !scales_norm;
}

bool EndsSection(const ggml_tensor* node) {
  return std::strcmp(ggml_get_name(node), kSectionEnd) == 0;
}

double Seconds(int64_t ns) { return static_cast<double>(ns) * 1e-9; }

}  // namespace

std::string NameOf(AttentionStep step) {
  constexpr const char* kNames[] = {"append", "select", "attend", "observe"};
  return kNames[static_cast<size_t>(step)];
}

OpTimes::OpTimes(int max_workers) : workers_(static_cast<size_t>(max_workers)) {}

void OpTimes::Clear() {
  sections_.clear();
  passes_ = ns_ = 0;
  busy_ns_ = {};
}

int64_t OpTimes::Now() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

void OpTimes::BeginPass(ggml_cgraph* graph) {
  graph_ = graph;
  events_.clear();
  // Nothing is allocated on the way.
  const auto num_nodes = static_cast<size_t>(ggml_graph_n_nodes(graph));
  events_.reserve(2 * num_nodes);
  for (WorkerSteps& worker : workers_) {
    worker.intervals.clear();
    worker.intervals.reserve(num_nodes);
  }
  began_ns_ = Now();
}

void OpTimes::EndPass() {
  ended_ns_ = Now();
  AlignSteps();
  section_ = 0;
  size_t event = 0;
  const int num_nodes = ggml_graph_n_nodes(graph_);
  for (int node = 0; node < num_nodes; ++node) {
    const int first = node;
    while (node < num_nodes && ggml_graph_node(graph_, node)->op != GGML_OP_CUSTOM) ++node;
    const size_t first_event = event;
    while (event < events_.size() && !events_[event].begins) ++event;
    AddNodes(first, node, first_event, event);
    if (node == num_nodes) break;
    Add(static_cast<size_t>(*events_[event].begins), Lasted(event + 1));
    event += 2;
  }
  ++passes_;
  ns_ += ended_ns_ - began_ns_;
}

// A step lasts from its first worker's beginning to its last one's end.
void OpTimes::AlignSteps() {
  size_t step_idx = 0;
  for (size_t event = 0; event < events_.size(); ++event) {
    if (!events_[event].begins) continue;
    DYNSPLIT_CHECK(event + 1 < events_.size());
    for (const WorkerSteps& worker : workers_) {
      if (step_idx >= worker.intervals.size()) continue;  // ggml may run fewer workers
      const Interval& interval = worker.intervals[step_idx];
      busy_ns_[static_cast<size_t>(*events_[event].begins)] += interval.ended - interval.began;
      events_[event].ns = std::min(events_[event].ns, interval.began);
      events_[event + 1].ns = std::max(events_[event + 1].ns, interval.ended);
    }
    ++step_idx;
  }
}

// Of what was done at `event`: since the event before, up to the beginning of a step behind it.
int64_t OpTimes::Lasted(size_t event) const {
  const int64_t began = event == 0 ? began_ns_ : events_[event - 1].ns;
  int64_t ended = events_[event].ns;
  if (event + 1 == events_.size()) {
    ended = ended_ns_;
  } else if (events_[event + 1].begins) {
    ended = events_[event + 1].ns;
  }
  return ended - began;
}

void OpTimes::Add(size_t kind, int64_t ns) {
  if (sections_.size() <= section_) sections_.resize(section_ + 1, std::vector<Cell>(kNumKinds));
  sections_[section_][kind].ns += ns;
  ++sections_[section_][kind].calls;
}

// Nodes [first, last) of ggml without a step among them, and their events.
void OpTimes::AddNodes(int first, int last, size_t first_event, size_t last_event) {
  const auto explains = [&](Callbacks callbacks) {
    size_t count = 0;
    for (int i = first; i < last; ++i) {
      count += IsCalledBack(ggml_graph_node(graph_, i), callbacks) ? 1 : 0;
    }
    return count == last_event - first_event;
  };
  const auto callbacks = std::find_if(std::begin(kCallbacks), std::end(kCallbacks), explains);
  const bool known = callbacks != std::end(kCallbacks);
  size_t event = first_event;
  for (int i = first; i < last; ++i) {
    const ggml_tensor* node = ggml_graph_node(graph_, i);
    if (known && IsCalledBack(node, *callbacks)) Add(KindOf(node), Lasted(event++));
    section_ += EndsSection(node) ? 1 : 0;
  }
  for (; event < last_event; ++event) Add(kUnknown, Lasted(event));
}

OpReport OpTimes::Report() const {
  OpReport report = {.passes = passes_, .seconds = Seconds(ns_), .ops = {}, .layers = {}};
  for (size_t kind = 0; kind < kNumKinds; ++kind) {
    Cell sum;
    for (const std::vector<Cell>& section : sections_) {
      sum.ns += section[kind].ns;
      sum.calls += section[kind].calls;
    }
    if (sum.calls == 0) continue;
    OpTime op = {KindName(kind), sum.calls, Seconds(sum.ns), std::nullopt};
    if (kind < kNumAttentionSteps) {
      op.busy_seconds = Seconds(busy_ns_[kind]) / static_cast<double>(workers_.size());
    }
    report.ops.push_back(std::move(op));
  }
  std::stable_sort(report.ops.begin(), report.ops.end(),
                   [](const OpTime& a, const OpTime& b) { return a.seconds > b.seconds; });
  for (size_t s = 0; s < sections_.size(); ++s) {
    LayerTime layer;
    layer.layer = s == 0                      ? "embedding"
                  : s + 1 == sections_.size() ? "output"
                                              : std::to_string(s - 1);
    for (size_t kind = 0; kind < kNumKinds; ++kind) {
      const double seconds = Seconds(sections_[s][kind].ns);
      layer.seconds += seconds;
      if (kind < kNumAttentionSteps) layer.steps[kind] = seconds;
    }
    report.layers.push_back(std::move(layer));
  }
  return report;
}

void TimeOps(Engine* engine, OpTimes* times) {
  engine->impl().ops.set_times(times);
  engine->impl().forward.set_times(times);
}

}  // namespace dynsplit
