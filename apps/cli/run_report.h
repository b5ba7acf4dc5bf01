// What `run` did, in figures: for people on stderr, for programs as JSON.
#pragma once

#include <cstdint>
#include <string>

#include "dynsplit/generate.h"
#include "dynsplit/method.h"
#include "dynsplit/session.h"

namespace dynsplit::cli {

struct RunReport {
  std::string model;
  std::string build;
  int threads = 0;
  Method method;
  int64_t prompt_tokens = 0;   // of the prompt
  int64_t prefill_tokens = 0;  // of these, read before somebody interrupted
  double prefill_seconds = 0;
  Generation answer;
  SessionStats stats;
  int64_t peak_rss_bytes = 0;
};

// The keys of the contract: text, tokens, prompt_tokens, prefill_seconds, decode_seconds,
// decode_tokens_per_second, peak_rss_bytes, kv_bytes_total, kv_bytes_resident,
// attended_tokens_mean, method, budget, stop_reason. One line.
std::string ToJson(const RunReport& report);

// The closing table.
std::string ToTable(const RunReport& report);

// Whether the method has a use for a budget at all: full attention and sinks with a window do not.
bool HasBudget(const Method& method);

}  // namespace dynsplit::cli
