#include "apps/server/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace dynsplit::server {
namespace {

constexpr size_t kReceiveBytes = 16 << 10;
constexpr std::chrono::milliseconds kStopInterval(100);
constexpr std::chrono::seconds kRestTime(1);
// What a request has to bring while others wait for its thread.
constexpr int64_t kCrowdedBytesPerSecond = 16 << 10;
// A body in chunks of httplib's own client, or of any other that sends 16 bytes at a time or more,
// has no more than this for each byte of its content.
constexpr size_t kChunkOverhead = 2;

thread_local Connection* current = nullptr;

// Waits for any of `events`; false where none comes in time.
bool Poll(socket_t socket, short events, std::chrono::milliseconds timeout) {
  pollfd wanted = {.fd = socket, .events = events, .revents = 0};
  const int wait = static_cast<int>(std::max<int64_t>(timeout.count(), 0));
  int ready = 0;
  do {
    ready = poll(&wanted, 1, wait);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

using NameOf = int (*)(int, sockaddr*, socklen_t*);

void GetAddress(socket_t socket, NameOf name_of, std::string* ip, int* port) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  if (name_of(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return;
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    *port = ntohs(v4->sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    *port = ntohs(v6->sin6_port);
  }
  *ip = text;
}

}  // namespace

Connection::Connection(socket_t socket, const ConnectionLimits& limits, std::function<bool()> stop,
                       std::function<bool()> crowded, Clock::time_point came)
    : socket_(socket),
      limits_(limits),
      stop_(std::move(stop)),
      crowded_(std::move(crowded)),
      received_(kReceiveBytes),
      came_(came) {}

Connection* Connection::Current() { return current; }

bool Connection::ClientGone() { return current != nullptr && current->gone(); }

Connection::Serving::Serving(Connection* connection) { current = connection; }
Connection::Serving::~Serving() { current = nullptr; }

bool Connection::AwaitRequest() {
  begun_ = came_.value_or(Clock::now());
  came_.reset();
  if (begin_ == end_) {
    deadline_ = Clock::now() + limits_.idle_time;
    while (!Poll(socket_, POLLIN, kStopInterval)) {
      begun_ = Clock::now();
      if (stop_() || crowded_() || begun_ >= deadline_) return false;
    }
    if (Receive() <= 0) return false;
  }
  deadline_ = Clock::now() + limits_.request_time;
  counted_ = 0;
  head_end_ = 0;
  waited_ = {};
  return true;
}

// What is there at once counts, also once the server stops: a finished answer is still written to a
// client that takes it.
bool Connection::Await(short events, Clock::time_point until) const {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (Poll(socket_, events, std::min(left, kStopInterval))) return true;
    if (left <= kStopInterval || stop_()) return false;
  }
}

bool Connection::AwaitRoom() const {
  const Clock::time_point start = Clock::now();
  const bool room = Await(POLLOUT, start + limits_.write_time - waited_);
  waited_ += Clock::now() - start;
  return room;
}

bool Connection::gone() const {
  pollfd wanted = {.fd = socket_, .events = POLLRDHUP, .revents = 0};
  return poll(&wanted, 1, 0) > 0 && (wanted.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool Connection::is_readable() const {
  return begin_ < end_ || Poll(socket_, POLLIN, std::chrono::milliseconds(0));
}

bool Connection::is_writable() const { return AwaitRoom() && !gone(); }

ssize_t Connection::read(char* bytes, size_t size) {
  if (timed_out_ || too_large_) return -1;
  if (begin_ == end_) {
    const ssize_t count = Receive();
    if (count <= 0) return count;
  }
  const size_t count = std::min(size, end_ - begin_);
  if (!Count(received_.data() + begin_, count)) {
    too_large_ = true;
    return -1;
  }
  std::memcpy(bytes, received_.data() + begin_, count);
  begin_ += count;
  return static_cast<ssize_t>(count);
}

Connection::Clock::time_point Connection::Deadline() const {
  if (!crowded_()) return deadline_;
  const std::chrono::milliseconds earned(static_cast<int64_t>(counted_) * 1000 /
                                         kCrowdedBytesPerSecond);
  return std::min(deadline_, begun_ + limits_.crowded_time + earned);
}

ssize_t Connection::Receive() {
  // A client that sends a byte now and then is never waited for long.
  timed_out_ = stop_();
  while (!timed_out_ && !Poll(socket_, POLLIN, kStopInterval)) {
    timed_out_ = stop_() || Clock::now() >= Deadline();
  }
  if (timed_out_) return -1;
  const ssize_t count = recv(socket_, received_.data(), received_.size(), 0);
  begin_ = 0;
  end_ = count > 0 ? static_cast<size_t>(count) : 0;
  return count;
}

bool Connection::Count(const char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (head_end_ == 4) {
      counted_ += size - i;
      return counted_ <= kChunkOverhead * limits_.body_bytes;
    }
    const bool expected = bytes[i] == (head_end_ % 2 == 0 ? '\r' : '\n');
    head_end_ = expected ? head_end_ + 1 : (bytes[i] == '\r' ? 1 : 0);
    if (++counted_ > limits_.head_bytes) return false;
    if (head_end_ == 4) counted_ = 0;
  }
  return true;
}

void Connection::TakeRest() {
  shutdown(socket_, SHUT_WR);
  const Clock::time_point until = Clock::now() + kRestTime;
  while (!stop_() && !crowded_() && Clock::now() < until && Poll(socket_, POLLIN, kStopInterval)) {
    if (recv(socket_, received_.data(), received_.size(), 0) <= 0) return;
  }
}

ssize_t Connection::write(const char* bytes, size_t size) {
  if (!AwaitRoom()) return -1;
  return send(socket_, bytes, size, MSG_NOSIGNAL);
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  GetAddress(socket_, getpeername, &ip, &port);
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  GetAddress(socket_, getsockname, &ip, &port);
}

}  // namespace dynsplit::server
