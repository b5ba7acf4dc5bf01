// Clients that are slow, broken or gone, over sockets of their own.
#include "apps/server/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "server/server_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Bytes as they stand, to and from the server.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawClient() { Close(); }

  bool Send(const std::string& bytes) const {
    return send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // All until the server closes; what has come after ten seconds.
  std::string ReadAll() const {
    std::string all;
    char buffer[4096];
    pollfd wanted = {.fd = socket_, .events = POLLIN, .revents = 0};
    while (poll(&wanted, 1, 10000) > 0) {
      const ssize_t count = recv(socket_, buffer, sizeof(buffer), 0);
      if (count <= 0) break;
      all.append(buffer, static_cast<size_t>(count));
    }
    return all;
  }
  void Close() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }

 private:
  int socket_;
};

std::string PostOf(const std::string& body, const std::string& headers = "") {
  return "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
         headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class ConnectionTest : public ApiServerTest {
 protected:
  void SetUp() override {
    Start({.limits = {.head_bytes = 4000,
                      .body_bytes = 60000,
                      .request_time = std::chrono::milliseconds(300),
                      .idle_time = std::chrono::milliseconds(300)}},
          {.max_answers = 2});
  }

  // Waits until nothing is read or written any more.
  bool BecomesIdle() const {
    for (int i = 0; i < 1000; ++i) {
      if (Figure("dynsplit_num_requests_running") == 0) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  void AwaitFigure(const std::string& name, double least) const {
    for (int i = 0; i < 3000 && Figure(name) < least; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_GE(Figure(name), least);
  }
  void ExpectStillServing() const {
    EXPECT_EQ(Post("/v1/completions", R"({"prompt":"a","max_tokens":1})")->status, 200);
  }
};

TEST_F(ConnectionTest, AClientThatDripsIsCutOff) {
  RawClient client(server_->port());
  client.Send("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{");
  for (int i = 0; i < 8; ++i) {  // a byte each 60 ms: never silent for long
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    if (!client.Send(" ")) break;
  }
  const std::string response = client.ReadAll();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(response, HasSubstr("\"code\":\"timeout\""));
  ExpectStillServing();
}

TEST_F(ConnectionTest, StoppingWaitsForNoSlowClient) {
  Start();  // a request may take its 60 seconds
  RawClient silent(server_->port());
  silent.Send("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{");
  ExpectStillServing();  // the other is being read, too
  const auto start = std::chrono::steady_clock::now();
  server_->Stop(std::chrono::milliseconds(0));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST_F(ConnectionTest, HalfAHeadIsCutOff) {
  RawClient client(server_->port());
  client.Send("POST /v1/comple");
  client.ReadAll();  // comes back
  ExpectStillServing();
}

TEST_F(ConnectionTest, HalfARequestAndGone) {
  RawClient(server_->port()).Send(PostOf(R"({"prompt":"a"})").substr(0, 100));
  RawClient(server_->port()).Send("P");
  RawClient(server_->port()).Send("");
  ExpectStillServing();
}

TEST_F(ConnectionTest, NoHttpAtAll) {
  RawClient client(server_->port());
  client.Send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n\0\0", 16));
  EXPECT_THAT(client.ReadAll(), ::testing::AnyOf("", StartsWith("HTTP/1.1 400")));
  ExpectStillServing();
}

TEST_F(ConnectionTest, TooLargeABody) {
  const std::string body = R"({"prompt":")" + std::string(70000, 'x') + "\"}";
  EXPECT_EQ(ErrorOf(Post("/v1/completions", body), 413)["code"], "too_large");
  ExpectStillServing();
}

TEST_F(ConnectionTest, TooLargeABodyInChunks) {
  RawClient client(server_->port());
  client.Send(
      "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "1000\r\n" + std::string(0x1000, ' ') + "\r\n";
  for (int i = 0; i < 40 && client.Send(chunk); ++i) {
  }
  client.ReadAll();
  ExpectStillServing();
}

TEST_F(ConnectionTest, TooLargeAHead) {
  RawClient client(server_->port());
  std::string head = "GET /health HTTP/1.1\r\n";
  for (int i = 0; i < 100; ++i)
    head += "X-" + std::to_string(i) + ": " + std::string(80, 'x') + "\r\n";
  client.Send(head + "\r\n");
  EXPECT_THAT(client.ReadAll(), ::testing::Not(HasSubstr("200 OK")));
  ExpectStillServing();
}

TEST_F(ConnectionTest, CompressedBodiesAreRefusedUnread) {
  RawClient client(server_->port());
  client.Send(PostOf("not really compressed", "Content-Encoding: gzip\r\n"));
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 415"));
}

// What follows a request that was refused unread is its body, whatever it looks like.
TEST_F(ConnectionTest, ARefusedBodyIsNoRequest) {
  Start({.api_keys = {"key"}});
  RawClient client(server_->port());
  client.Send(PostOf("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const std::string response = client.ReadAll();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(response, ::testing::Not(HasSubstr("200 OK")));
}

// httplib reads no body of a GET, nor of what it refuses.
TEST_F(ConnectionTest, ABodyLeftUnreadIsNoRequest) {
  const std::string hidden = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string length = "Content-Length: " + std::to_string(hidden.size()) + "\r\n\r\n";
  const auto responses = [&](const std::string& head) {
    RawClient client(server_->port());
    client.Send(head + length + hidden);
    const std::string all = client.ReadAll();
    EXPECT_THAT(all, HasSubstr("Connection: close"));
    size_t count = 0;
    for (size_t at = 0; (at = all.find("HTTP/1.1 ", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  EXPECT_EQ(responses("GET /health HTTP/1.1\r\nHost: localhost\r\n"), 1u);
  EXPECT_EQ(responses("GET /nothing HTTP/1.1\r\nHost: localhost\r\n"), 1u);
  EXPECT_EQ(responses("GET /health HTTP/1.1\r\nHost: localhost\r\nRange: bytes=9-1\r\n"), 1u);
}

TEST_F(ConnectionTest, WhereABodyEndsMustBeClear) {
  const auto response = [&](const std::string& headers) {
    RawClient client(server_->port());
    client.Send("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
    return client.ReadAll();
  };
  EXPECT_THAT(response(""), StartsWith("HTTP/1.1 411"));
  EXPECT_THAT(response("Content-Length: 5\r\nContent-Length: 6\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(response("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(ConnectionTest, ChunksOfTooLargeABodyThatAreFewEnough) {
  RawClient client(server_->port());
  client.Send(
      "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send("11170\r\n" + std::string(0x11170, ' ') + "\r\n0\r\n\r\n");  // 70,000 bytes
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 413"));
}

TEST_F(ConnectionTest, GoneWhileItsPromptIsRead) {
  for (const char* stream : {"false", "true"}) {
    RawClient client(server_->port());
    const double before = Figure("dynsplit_prompt_tokens_total");
    client.Send(PostOf(R"({"prompt":")" + std::string(19000, 'x') +
                       R"(","max_tokens":1,"stream":)" + stream + "}"));
    AwaitFigure("dynsplit_num_requests_running", 1);
    client.Close();
    EXPECT_TRUE(BecomesIdle());
    EXPECT_LT(Figure("dynsplit_prompt_tokens_total") - before, 19000);
  }
  ExpectStillServing();
}

TEST_F(ConnectionTest, GoneWhileItsAnswerIsWritten) {
  for (const char* stream : {"false", "true"}) {
    RawClient client(server_->port());
    const double before = Figure("dynsplit_generation_tokens_total");
    client.Send(PostOf(std::string(R"({"prompt":"a","max_tokens":19000,"ignore_eos":true,)") +
                       "\"stream\":" + stream + "}"));
    AwaitFigure("dynsplit_generation_tokens_total", before + 5);
    client.Close();
    EXPECT_TRUE(BecomesIdle());
    EXPECT_LT(Figure("dynsplit_generation_tokens_total") - before, 19000);
  }
  ExpectStillServing();
}

// It takes a little before each wait is at its end, and would go on like that.
TEST(ConnectionWriteTest, ASlowReaderIsWaitedForNoLongerThanThatInAll) {
  int sockets[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  std::atomic<bool> done = false;
  std::thread reader([&] {
    char buffer[32 << 10];
    while (!done) {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      static_cast<void>(recv(sockets[1], buffer, sizeof(buffer), MSG_DONTWAIT));
    }
  });
  Connection connection(sockets[0], {.write_time = std::chrono::milliseconds(200)},
                        [] { return false; });
  ASSERT_EQ(send(sockets[1], "x", 1, 0), 1);
  ASSERT_TRUE(connection.AwaitRequest());
  const std::string piece(32 << 10, 'x');
  int written = 0;
  while (written < 100 && connection.write(piece.data(), piece.size()) > 0) ++written;
  EXPECT_LT(written, 100);
  EXPECT_FALSE(connection.is_writable());
  done = true;
  reader.join();
  close(sockets[0]);
  close(sockets[1]);
}

// Many connections that do nothing, more than there are threads or may wait, and then a request.
TEST_F(ConnectionTest, TenThousandConnectionsOpenedAndLeft) {
  constexpr rlim_t kConnections = 10'000;
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit before = limit;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, kConnections + 2000);
  if (limit.rlim_cur < kConnections + 2000 || setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    GTEST_SKIP() << "this process may not open " << kConnections << " files";
  }
  std::vector<std::unique_ptr<RawClient>> clients;
  for (rlim_t i = 0; i < kConnections; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
  }
  bool served = false;
  for (int i = 0; i < 200 && !served; ++i) {  // turned away until some have been given up
    const auto result = Client().Get("/health");
    served = result && result->status == 200;
    if (!served) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(served);
  EXPECT_FALSE(server_->ended());
  clients.clear();
  setrlimit(RLIMIT_NOFILE, &before);
}

// More than there are threads, with a request that never ends: in its head, or in its body.
TEST_F(ConnectionTest, ManyHalfRequestsHoldTheThreadsForAMomentOnly) {
  Start({.limits = {.crowded_time = std::chrono::milliseconds(200)}});  // else 60 seconds
  for (const std::string& begun : {std::string("P"), PostOf(std::string(50, 'x')).substr(0, 120)}) {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 50; ++i) {
      clients.push_back(std::make_unique<RawClient>(server_->port()));
      EXPECT_TRUE(clients.back()->Send(begun));
    }
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(Client().Get("/health"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  }
}

TEST(ConnectionCrowdTest, WhatKeepsComingMayTakeItsTime) {
  int sockets[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  Connection connection(
      sockets[0], {.crowded_time = std::chrono::milliseconds(100)}, [] { return false; },
      [] { return true; });
  const std::string head = "POST / HTTP/1.1\r\n\r\n", piece(8 << 10, 'x');  // half a second's worth
  ASSERT_EQ(send(sockets[1], head.data(), head.size(), 0), static_cast<ssize_t>(head.size()));
  ASSERT_TRUE(connection.AwaitRequest());
  std::thread client([&] {
    for (int i = 0; i < 3; ++i) {
      send(sockets[1], piece.data(), piece.size(), 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  });
  char buffer[32 << 10];
  size_t received = 0;
  while (true) {
    const ssize_t count = connection.read(buffer, sizeof(buffer));
    if (count <= 0) break;
    received += static_cast<size_t>(count);
  }
  client.join();
  EXPECT_EQ(received, head.size() + 3 * piece.size());
  EXPECT_TRUE(connection.timed_out());
  close(sockets[0]);
  close(sockets[1]);
}

TEST_F(ConnectionTest, AHundredMegabytesAreRefusedAtOnce) {
  Start();  // with the limit that there is by default
  const auto start = std::chrono::steady_clock::now();
  const std::string body = R"({"prompt":")" + std::string(100 << 20, 'x') + "\"}";
  EXPECT_EQ(ErrorOf(Post("/v1/completions", body), 413)["code"], "too_large");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  ExpectStillServing();
}

TEST_F(ConnectionTest, WhoAsksFirstIsToldBeforeTheBody) {
  const auto response = [&](size_t length) {
    RawClient client(server_->port());
    client.Send(
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
        "Content-Length: " +
        std::to_string(length) + "\r\n\r\n");
    return client.ReadAll();
  };
  EXPECT_THAT(response(70000), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(response(7), StartsWith("HTTP/1.1 100"));
}

TEST_F(ConnectionTest, OneConnectionServesSeveralRequests) {
  RawClient client(server_->port());
  const std::string get = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.Send(get + get + get);  // at once, and then idle until the server closes
  const std::string all = client.ReadAll();
  size_t count = 0;
  for (size_t at = all.find("200 OK"); at != std::string::npos; at = all.find("200 OK", at + 1)) {
    ++count;
  }
  EXPECT_EQ(count, 3u);
}

}  // namespace
}  // namespace dynsplit::testing
