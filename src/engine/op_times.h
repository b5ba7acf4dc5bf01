// Where the time of passes goes, by op and by layer: for `bench --op-times`. An engine is timed
// between TimeOps(engine, &times) and TimeOps(engine, nullptr); else its passes pay one comparison
// with null in each step.
//
// ggml calls its abort callback on worker 0 after every node that it computes, so the nodes are
// timed where they run: same threads, same barriers, nothing added but readings of the clock. What
// that does to the figures: a node of ggml ends when worker 0 is done with it, and waiting for the
// other workers counts with the node behind it. Our own steps note for every worker when it begins
// and ends: they last from the first one's beginning until the last one is done, and waiting before
// them counts with what came before. The sum is the wall time of the graphs, to the nanosecond.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cache/pass_span.h"

struct ggml_cgraph;

namespace dynsplit {

class Engine;

enum class AttentionStep : uint8_t { kAppend, kSelect, kAttend, kObserve };
inline constexpr size_t kNumAttentionSteps = 4;
std::string NameOf(AttentionStep step);  // "append"

struct OpTime {
  std::string op;  // NameOf a step, or ggml's name for a node: "mul_mat"
  int64_t calls = 0;
  double seconds = 0;
  // Of a step: what its workers took, the mean over them. The rest they waited for each other; in
  // kSelect they also do within the step.
  std::optional<double> busy_seconds;
};

struct LayerTime {
  std::string layer;  // "embedding", a layer's number, "output"
  double seconds = 0;
  std::array<double, kNumAttentionSteps> steps = {};  // of these seconds
};

struct OpReport {
  int64_t passes = 0;
  double seconds = 0;             // of their graphs; what ops and layers add up to
  std::vector<OpTime> ops;        // the longest first
  std::vector<LayerTime> layers;  // in the order of the graph
};

// One thread at a time, as the engine; Step and NodeDone belong to the workers of a pass.
class OpTimes {
 public:
  explicit OpTimes(int max_workers);

  void Clear();
  OpReport Report() const;

  // By ForwardPass, around a graph: (BeginPass NodeDone* EndPass?)*. A pass that is not ended
  // leaves no trace. Cost: EndPass walks the nodes, some ten microseconds.
  void BeginPass(ggml_cgraph* graph);
  void NodeDone() { events_.push_back({Now(), std::nullopt}); }  // worker 0
  void EndPass();

  // The time of one worker in one step; nothing where `times` is null.
  class Step {
   public:
    Step(OpTimes* times, AttentionStep step, Worker worker)
        : times_(times), worker_(worker.index), began_(times == nullptr ? 0 : Now()) {
      if (times_ != nullptr && worker_ == 0) times_->events_.push_back({began_, step});
    }
    ~Step() {
      if (times_ != nullptr) times_->StepsOf(worker_).push_back({began_, Now()});
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    OpTimes* times_;
    int worker_;
    int64_t began_;
  };

 private:
  // Worker 0 begins a step, or has computed a node.
  struct Event {
    int64_t ns;
    std::optional<AttentionStep> begins;
  };
  struct Cell {
    int64_t ns = 0;
    int64_t calls = 0;
  };
  struct Interval {
    int64_t began;
    int64_t ended;
  };
  struct alignas(64) WorkerSteps {    // each its own cache line
    std::vector<Interval> intervals;  // in the order of the graph
  };

  static int64_t Now();
  std::vector<Interval>& StepsOf(int worker) {
    return workers_[static_cast<size_t>(worker)].intervals;
  }
  int64_t Lasted(size_t event) const;
  void AlignSteps();
  void Add(size_t kind, int64_t ns);
  void AddNodes(int first, int last, size_t first_event, size_t last_event);

  std::vector<std::vector<Cell>> sections_;               // [embedding, layers, output][kinds]
  std::array<int64_t, kNumAttentionSteps> busy_ns_ = {};  // sums over the workers
  int64_t passes_ = 0;
  int64_t ns_ = 0;
  // Of the pass under way.
  ggml_cgraph* graph_ = nullptr;
  std::vector<Event> events_;
  std::vector<WorkerSteps> workers_;
  int64_t began_ns_ = 0;
  int64_t ended_ns_ = 0;
  size_t section_ = 0;
};

// Times the engine's passes from now on; null: no longer. `times` must outlive them, and have been
// made for the engine's threads.
void TimeOps(Engine* engine, OpTimes* times);

}  // namespace dynsplit
