#include "apps/server/metrics.h"

#include <prometheus/text_serializer.h>

#include "apps/common/memory_usage.h"

namespace dynsplit::server {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

// Seconds: a short prompt on a fast machine up to a long one on a slow machine.
const Buckets& FirstTokenBuckets() {
  static const Buckets& buckets =
      *new Buckets{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500};
  return buckets;
}

const Buckets& NextTokenBuckets() {
  static const Buckets& buckets =
      *new Buckets{0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5};
  return buckets;
}

}  // namespace

Metrics::Metrics()
    : requests_(prometheus::BuildCounter()
                    .Name("dynsplit_requests_total")
                    .Help("Requests by route and HTTP status")
                    .Register(registry_)),
      prompt_tokens(MakeCounter("dynsplit_prompt_tokens_total", "Prompt tokens read")),
      cached_tokens(
          MakeCounter("dynsplit_cached_tokens_total", "Prompt tokens taken from the prefix cache")),
      answer_tokens(MakeCounter("dynsplit_generation_tokens_total", "Tokens written")),
      passes(MakeCounter("dynsplit_passes_total", "Passes through the model")),
      chosen_blocks(MakeCounter("dynsplit_blocks_chosen_total",
                                "Blocks chosen to be attended to, over layers and KV heads")),
      pages_read(
          MakeCounter("dynsplit_kv_pages_read_total", "Pages of keys and values read from disk")),
      pages_spilled(MakeCounter("dynsplit_kv_pages_spilled_total",
                                "Pages of keys and values written to disk")),
      kv_bytes(MakeGauge("dynsplit_kv_bytes", "Keys and values, the prefix cache's included")),
      kv_bytes_resident(MakeGauge("dynsplit_kv_bytes_resident", "Memory held for keys and values")),
      kv_bytes_spilled(MakeGauge("dynsplit_kv_bytes_spilled",
                                 "Keys and values that have a place in the page file")),
      queued(MakeGauge("dynsplit_num_requests_waiting", "Prompts that wait")),
      running(MakeGauge("dynsplit_num_requests_running", "Prompts being read or answered")),
      cache_bytes(MakeGauge("dynsplit_cache_bytes", "Bytes of the prefix cache")),
      cache_entries(MakeGauge("dynsplit_cache_entries", "Prefixes in the prefix cache")),
      cache_disk_bytes(MakeGauge("dynsplit_cache_disk_bytes", "Bytes of prefixes in files")),
      cache_disk_failures(MakeGauge("dynsplit_cache_disk_failures",
                                    "Files of prefixes that could not be written or read")),
      first_token_seconds(MakeHistogram("dynsplit_time_to_first_token_seconds",
                                        "From a request to the first token of its answer",
                                        FirstTokenBuckets())),
      next_token_seconds(MakeHistogram("dynsplit_inter_token_latency_seconds",
                                       "Between two tokens of an answer", NextTokenBuckets())),
      resident_bytes_(
          MakeGauge("process_resident_memory_bytes", "Resident memory, mapped files included")) {}

void Metrics::CountRequest(const std::string& route, int http_status) {
  requests_.Add({{"route", route}, {"status", std::to_string(http_status)}}).Increment();
}

std::string Metrics::ToText() const {
  resident_bytes_.Set(static_cast<double>(RssBytes()));
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

prometheus::Counter& Metrics::MakeCounter(const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add({});
}

prometheus::Gauge& Metrics::MakeGauge(const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add({});
}

prometheus::Histogram& Metrics::MakeHistogram(const char* name, const char* help,
                                              const Buckets& buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add({}, buckets);
}

}  // namespace dynsplit::server
