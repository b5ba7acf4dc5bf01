// The measurements of the demo: one text with hidden facts, read once; every question asked under
// every method, on forks of the same session.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apps/common/haystack.h"
#include "dynsplit/engine.h"

namespace dynsplit::demo {

struct AskedFact {
  std::string text;  // what the model wrote
  bool right = false;
};

struct MethodResult {
  Method method;
  std::vector<AskedFact> answers;    // [facts]
  std::vector<double> step_seconds;  // [facts], mean of an answer's steps
  double attended_tokens_mean = 0;
  int64_t kv_bytes_total = 0;
  int64_t index_bytes = 0;

  int NumRight() const;
  // Of the median answer: a busy moment of the machine does not count.
  double TokensPerSecond() const;
};

struct DemoResult {
  Haystack hay;
  double prefill_seconds = 0;
  std::vector<MethodResult> methods;
  std::vector<Block> blocks;  // of the text, as the last method cuts it
};

// Reads the haystack's text and asks for each fact by continuing its cue, greedily. Errors of the
// engine.
Result<DemoResult> RunDemo(Engine* engine, Haystack hay, const std::vector<Method>& methods);

}  // namespace dynsplit::demo
