#include "apps/server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dynsplit::server {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, AreWrittenAsPrometheusReadsThem) {
  Metrics metrics;
  metrics.CountRequest("/v1/models", 200);
  metrics.CountRequest("/v1/models", 200);
  metrics.prompt_tokens.Increment(7);
  metrics.queued.Set(3);
  metrics.first_token_seconds.Observe(0.3);
  const std::string text = metrics.ToText();
  EXPECT_THAT(text, HasSubstr("# TYPE dynsplit_prompt_tokens_total counter\n"));
  EXPECT_THAT(text, HasSubstr("\ndynsplit_prompt_tokens_total 7\n"));
  EXPECT_THAT(text,
              HasSubstr("\ndynsplit_requests_total{route=\"/v1/models\",status=\"200\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\ndynsplit_num_requests_waiting 3\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_resident_memory_bytes "));
  EXPECT_THAT(text, HasSubstr("\ndynsplit_time_to_first_token_seconds_bucket{le=\"0.25\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\ndynsplit_time_to_first_token_seconds_bucket{le=\"0.5\"} 1\n"));
}

}  // namespace
}  // namespace dynsplit::server
