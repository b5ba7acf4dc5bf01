#include "apps/server/http_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <new>
#include <thread>

namespace dynsplit::server {
namespace {

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    http_.Get("/good", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content(request.get_header_value("Content-Type"), "text/plain");
    });
    http_.Get("/throws", [](const httplib::Request&, httplib::Response& response) {
      response.set_chunked_content_provider(
          "text/plain", [](size_t, httplib::DataSink&) -> bool { throw std::bad_alloc(); });
    });
    port_ = http_.bind_to_any_port("127.0.0.1");
    ASSERT_GT(port_, 0);
    thread_ = std::thread([this] { http_.listen_after_bind(); });
    while (!http_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  void TearDown() override {
    http_.stop();
    thread_.join();
  }

  HttpServer http_{{}, 2};
  int port_ = 0;
  std::thread thread_;
};

TEST_F(HttpServerTest, WhatAStreamThrowsEndsItsConnectionAlone) {
  for (int i = 0; i < 5; ++i) {  // more than there are threads
    EXPECT_FALSE(httplib::Client("127.0.0.1", port_).Get("/throws"));
  }
  const auto good = httplib::Client("127.0.0.1", port_).Get("/good");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->status, 200);
}

TEST_F(HttpServerTest, EveryBodyIsTakenAsJson) {
  const auto good =
      httplib::Client("127.0.0.1", port_).Get("/good", {{"Content-Type", "text/html"}});
  ASSERT_TRUE(good);
  EXPECT_EQ(good->body, "application/json");
}

TEST_F(HttpServerTest, RangesAreIgnored) {
  const auto whole =
      httplib::Client("127.0.0.1", port_).Get("/good", {{"Range", "bytes=-,-,-,1-2"}});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->status, 200);
  EXPECT_EQ(whole->body, "application/json");
}

}  // namespace
}  // namespace dynsplit::server
