// A client's connection as httplib reads and writes it, with what httplib itself does not bound:
// the time in which a request must have come, and how long it is waited in all for the client to
// take its response (a client that sends or takes a byte now and then holds a thread no longer than
// that), the bytes of its head, and those of a body sent in chunks. Belongs
// to the thread that serves the connection.
#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dynsplit::server {

struct ConnectionLimits {
  size_t head_bytes = 64 << 10;  // of request line and headers
  size_t body_bytes = 16 << 20;
  std::chrono::milliseconds request_time = std::chrono::seconds(60);  // until all of it has come
  std::chrono::milliseconds write_time = std::chrono::seconds(30);    // of waiting in one response
  std::chrono::milliseconds idle_time = std::chrono::seconds(5);      // between two requests
  // While others wait for the thread: of a request, and a second more for each 16 KiB of it.
  std::chrono::milliseconds crowded_time = std::chrono::seconds(1);
  size_t max_waiting = 512;  // connections that wait for a thread
};

class Connection : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;

  // The socket stays the caller's. `stop`, asked ten times a second by whatever waits: nothing is
  // waited for any more. `crowded`: others wait for this thread; no request is waited for, and one
  // that has begun not for long. `came`: since when the client could send its first request.
  Connection(
      socket_t socket, const ConnectionLimits& limits, std::function<bool()> stop,
      std::function<bool()> crowded = [] { return false; }, Clock::time_point came = Clock::now());

  // The one that this thread serves now; null elsewhere.
  static Connection* Current();
  // Whether the client of this thread's connection has gone; false where there is none.
  static bool ClientGone();
  class Serving;  // makes a connection the current one while it lives

  // Waits for the first byte of the next request, for which the limits then count anew. False where
  // none comes in time, the client has gone, or the server stops.
  bool AwaitRequest();

  // The client has closed the connection, or its sending side.
  bool gone() const;
  // Why the last request could not be read.
  bool timed_out() const { return timed_out_; }
  bool too_large() const { return too_large_; }

  // What follows on the connection may be the body of a request that was refused unread.
  void CloseAfterResponse() { close_ = true; }
  bool closes() const { return close_ || timed_out_ || too_large_; }
  // Takes what a client still sends, for a moment: closed before, the system would give up the
  // response with it, and the client never read why.
  void TakeRest();

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* bytes, size_t size) override;
  ssize_t write(const char* bytes, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  // Waits for any of `events`; false where none comes in time.
  bool Await(short events, Clock::time_point until) const;
  // Waits until the client takes more, as long as there is of write_time.
  bool AwaitRoom() const;
  // Until when the rest of the request is waited for.
  Clock::time_point Deadline() const;
  // Receives what there is, waiting until the deadline. <= 0: nothing came.
  ssize_t Receive();
  // Counts bytes handed over against the limits; false where there are too many.
  bool Count(const char* bytes, size_t size);

  const socket_t socket_;
  const ConnectionLimits limits_;
  const std::function<bool()> stop_;
  const std::function<bool()> crowded_;
  std::vector<char> received_;  // of these, [begin_, end_) were not handed over
  size_t begin_ = 0;
  size_t end_ = 0;
  Clock::time_point begun_;                // since when the request may have come
  std::optional<Clock::time_point> came_;  // until the first request
  Clock::time_point deadline_;             // for its last
  mutable Clock::duration waited_{};  // for room, in this response: httplib asks a const stream
  size_t counted_ = 0;                // bytes of the head, then of the body
  int head_end_ = 0;                  // characters seen of "\r\n\r\n"; 4: the body has begun
  bool timed_out_ = false;
  bool too_large_ = false;
  bool close_ = false;
};

class Connection::Serving {
 public:
  explicit Serving(Connection* connection);
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;
};

}  // namespace dynsplit::server
