// The measurements of `bench`.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cli/flags.h"
#include "apps/cli/op_times_report.h"
#include "dynsplit/method.h"

namespace dynsplit::cli {

struct BenchPlan {
  std::vector<int64_t> contexts;  // tokens in the cache before decoding
  // Only the first tokens of a context are read, the rest is made of their keys and values
  // (engine/synthetic_fill.h).
  bool synthetic = false;
  bool op_times = false;
  std::vector<Method> methods;
  int decode_steps = 64;
  int prompt_tokens = 0;  // 0: no prefill from empty on its own
  Attention prefill = Attention::kDense;
  int rounds = 1;
  bool progress = false;
  const std::atomic<bool>* cancel = nullptr;

  int64_t TokensNeeded() const;  // of one sequence
};

// One line of the result: a method at a depth, or a prefill alone (method is empty).
struct BenchRow {
  std::string method;
  std::string budget;  // "" where the method has none
  int64_t context = 0;
  int64_t prefill_tokens = 0;    // that were read
  int64_t synthetic_tokens = 0;  // the rest of the context
  double prefill_seconds = 0;    // shared by the methods of a context
  int64_t decode_steps = 0;
  double decode_seconds = 0;
  double attended_tokens_mean = 0;
  int64_t peak_rss_bytes = 0;  // while decoding, where the system lets the peak be reset
  int64_t kv_bytes_total = 0;
  int64_t kv_bytes_resident = 0;
  // Where asked for: of the reading, with the first method of a context; of the steps of all
  // rounds.
  std::optional<TimedPasses> prefill_ops;
  std::optional<TimedPasses> decode_ops;
};

// Repeated until there are tokens enough. Which they are hardly matters to the time.
extern const std::string_view kBenchText;

// One prefill for each context; each method and round decodes on a fork of it, two steps as
// warm-up before those that count. The tokens fed are those of the text, so all methods do the
// same. Errors of the engine; Cancelled.
Result<std::vector<BenchRow>> RunBench(const BenchPlan& plan, const std::string& text,
                                       const LoadedModel& loaded);

}  // namespace dynsplit::cli
