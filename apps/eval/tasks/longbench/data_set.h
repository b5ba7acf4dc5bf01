// LongBench's data sets: how each is asked and scored (Bai et al. 2023, "LongBench: A Bilingual,
// Multitask Benchmark for Long Context Understanding").
#pragma once

#include <string_view>

#include "apps/eval/task.h"

namespace dynsplit::eval {

struct LongBenchSet {
  std::string_view name;
  std::string_view kind;          // of the text, as Document::kind
  std::string_view instructions;  // before the context
  std::string_view prompt;        // after it; "{input}" stands for the line's input
  std::string_view answer_prefix;
  Metric metric = Metric::kContainsAny;
  int max_tokens = 64;
  bool first_line = false;
};

// The set of that name; "_e" at its end (LongBench-E) makes no difference. Any other name gives a
// set that is scored by whether an answer occurs in the output.
const LongBenchSet& FindLongBenchSet(std::string_view name);

// Sets whose scores count Chinese words, which needs a dictionary that is not built in.
bool NeedsChineseWords(std::string_view name);

}  // namespace dynsplit::eval
