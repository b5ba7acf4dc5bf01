// What the server counts, as Prometheus reads it. Any thread may count and write.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

namespace dynsplit::server {

class Metrics {
 public:
  Metrics();

  void CountRequest(const std::string& route, int http_status);
  std::string ToText() const;

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_;

  prometheus::Counter& MakeCounter(const char* name, const char* help);
  prometheus::Gauge& MakeGauge(const char* name, const char* help);
  prometheus::Histogram& MakeHistogram(const char* name, const char* help,
                                       const prometheus::Histogram::BucketBoundaries& buckets);

 public:
  prometheus::Counter& prompt_tokens;  // read, not counting cached ones
  prometheus::Counter& cached_tokens;  // that need not be read
  prometheus::Counter& answer_tokens;
  prometheus::Counter& passes;
  // What the engine counts (EngineStats).
  prometheus::Counter& chosen_blocks;
  prometheus::Counter& pages_read;
  prometheus::Counter& pages_spilled;
  prometheus::Gauge& kv_bytes;
  prometheus::Gauge& kv_bytes_resident;
  prometheus::Gauge& kv_bytes_spilled;
  prometheus::Gauge& queued;       // jobs that wait
  prometheus::Gauge& running;      // jobs under way
  prometheus::Gauge& cache_bytes;  // of prompts kept
  prometheus::Gauge& cache_entries;
  prometheus::Gauge& cache_disk_bytes;
  prometheus::Gauge& cache_disk_failures;      // files that could not be written or read
  prometheus::Histogram& first_token_seconds;  // since the job arrived
  prometheus::Histogram& next_token_seconds;   // between two tokens of an answer

 private:
  prometheus::Gauge& resident_bytes_;  // of the process; looked up when it is read
};

}  // namespace dynsplit::server
