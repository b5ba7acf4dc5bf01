#include "apps/server/framing.h"

#include <gtest/gtest.h>

namespace dynsplit::server {
namespace {

httplib::Request RequestOf(const std::string& method, const httplib::Headers& headers) {
  httplib::Request request;
  request.method = method;
  request.headers = headers;
  return request;
}

// 0: nothing is wrong.
int StatusOf(const httplib::Headers& headers, const std::string& method = "POST") {
  const auto error = CheckFraming(RequestOf(method, headers));
  return error ? error->http_status : 0;
}

TEST(CheckFraming, OneLengthOrChunks) {
  EXPECT_EQ(StatusOf({{"Content-Length", "12"}}), 0);
  EXPECT_EQ(StatusOf({{"content-length", "0"}}), 0);
  EXPECT_EQ(StatusOf({{"Transfer-Encoding", "Chunked"}}), 0);
  EXPECT_EQ(StatusOf({}, "GET"), 0);
  EXPECT_EQ(StatusOf({}), 411);
}

TEST(CheckFraming, RefusesDoubt) {
  EXPECT_EQ(StatusOf({{"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}}), 400);
  EXPECT_EQ(StatusOf({{"Content-Length", "1"}, {"Content-Length", "1"}}), 400);
  EXPECT_EQ(StatusOf({{"Transfer-Encoding", "gzip"}}), 400);
  for (const char* length : {"", "-1", "+1", "0x10", "1, 1", "ten"}) {
    EXPECT_EQ(StatusOf({{"Content-Length", length}}), 400) << length;
    EXPECT_EQ(StatusOf({{"Content-Length", length}}, "GET"), 400) << length;
  }
}

TEST(LeavesBody, OfWhatHttplibReadsNoBodyOf) {
  EXPECT_FALSE(LeavesBody(RequestOf("GET", {})));
  EXPECT_FALSE(LeavesBody(RequestOf("POST", {{"Content-Length", "1"}})));
  EXPECT_TRUE(LeavesBody(RequestOf("GET", {{"Content-Length", "1"}})));
  EXPECT_TRUE(LeavesBody(RequestOf("OPTIONS", {{"Transfer-Encoding", "chunked"}})));
}

}  // namespace
}  // namespace dynsplit::server
