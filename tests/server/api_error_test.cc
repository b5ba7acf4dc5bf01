#include "apps/server/api_error.h"

#include <gtest/gtest.h>

namespace dynsplit::server {
namespace {

TEST(ApiError, HasTheShapeThatClientsKnow) {
  const Json json = ToJson(ApiError{.message = "n is 0", .param = "n", .code = ""});
  EXPECT_EQ(
      DumpJson(json),
      R"({"error":{"message":"n is 0","type":"invalid_request_error","param":"n","code":null}})");
}

TEST(ApiError, StatusCodesHaveTheirHttpStatus) {
  EXPECT_EQ(FromStatus(InvalidArgument("x")).http_status, 400);
  EXPECT_EQ(FromStatus(NotFound("x")).http_status, 404);
  EXPECT_EQ(FromStatus(Status(StatusCode::kUnavailable, "x")).http_status, 503);
  EXPECT_EQ(FromStatus(ResourceExhausted("x")).http_status, 503);
  EXPECT_EQ(FromStatus(Cancelled("x")).http_status, 504);
  EXPECT_EQ(FromStatus(Internal("x")).http_status, 500);
  EXPECT_EQ(FromStatus(Internal("x")).type, "server_error");
  EXPECT_EQ(FromStatus(InvalidArgument("what")).message, "what");
  EXPECT_EQ(FromSubmission(InvalidArgument("x")).param, "prompt");
}

}  // namespace
}  // namespace dynsplit::server
