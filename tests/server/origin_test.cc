#include "apps/server/origin.h"

#include <gtest/gtest.h>

namespace dynsplit::server {
namespace {

httplib::Request Ask(const httplib::Headers& headers) {
  httplib::Request request;
  request.headers = headers;
  return request;
}

TEST(OriginTest, ItsOwnPageMayAsk) {
  const auto refused = [](const char* host, const char* origin, const std::string& allowed = "") {
    return CheckOrigin(Ask({{"Host", host}, {"Origin", origin}}), allowed).has_value();
  };
  EXPECT_FALSE(CheckOrigin(Ask({{"Host", "a.example"}}), ""));
  EXPECT_FALSE(refused("localhost:8080", "http://localhost:8080"));
  EXPECT_FALSE(refused("A.example", "https://a.example"));
  EXPECT_FALSE(refused("a.example:443", "https://a.example"));
  EXPECT_FALSE(refused("[::1]:8080", "http://[::1]:8080"));
  EXPECT_TRUE(refused("localhost:8080", "http://localhost:80"));
  EXPECT_TRUE(refused("localhost:8080", "http://localhost"));
  EXPECT_TRUE(refused("a.example", "https://a.example:80"));
  EXPECT_TRUE(refused("a.example", "https://a.example.b.example"));
  EXPECT_TRUE(refused("a.example", "file://a.example"));
  for (const char* origin : {"", "null", "http://", "https://a.example"}) {
    EXPECT_TRUE(refused("", origin)) << origin;
    EXPECT_EQ(refused("", origin, "https://a.example"), std::string(origin).size() < 10) << origin;
    EXPECT_FALSE(refused("", origin, "*")) << origin;
  }
}

TEST(OriginTest, ThisMachineHasFewNames) {
  const auto refused = [](const char* host) {
    return CheckHost(Ask({{"Host", host}}), "127.0.0.2").has_value();
  };
  for (const char* host : {"localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8080", "[::1]",
                           "[::1]:8080", "127.0.0.2:5"}) {
    EXPECT_FALSE(refused(host)) << host;
  }
  for (const char* host : {"", ":8080", "a.example", "localhost.a.example", "127.0.0.1.a.example",
                           "[::1", "[::2]", "::1", "127.0.0.3"}) {
    EXPECT_TRUE(refused(host)) << host;
  }
  EXPECT_FALSE(CheckHost(Ask({}), "127.0.0.1"));
}

TEST(OriginTest, AddressesOfThisMachineAlone) {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "192.168.0.1", "a.example"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

}  // namespace
}  // namespace dynsplit::server
