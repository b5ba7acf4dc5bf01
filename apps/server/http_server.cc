#include "apps/server/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <exception>
#include <string_view>

#include "apps/server/framing.h"

namespace dynsplit::server {
namespace {

constexpr size_t kRequestsPerConnection = 1000;
constexpr std::string_view kTooManyConnections =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    "Connection: close\r\nContent-Length: 118\r\n\r\n"
    R"({"error":{"message":"too many connections are open","type":"server_error","param":null,"code":"too_many_connections"}})";

// What a request says of its body's type and of the ranges of a response that it wants. All bodies
// are JSON; what curl -d calls them (a form) httplib would parse, and refuse above 8 KiB. And it
// would take thousands of times "all of it" for ranges, and put as many copies together.
void IgnoreTypeAndRanges(httplib::Request& request) {
  request.headers.erase("Content-Type");
  request.headers.emplace("Content-Type", "application/json");
  request.ranges.clear();
}

// Where a body was, or may have been, left unread: what follows would be taken for a request.
void CloseAfterBodyLeft(const httplib::Request& request, httplib::Response& response) {
  if (response.status < 400 && !LeavesBody(request)) return;
  if (Connection* connection = Connection::Current()) connection->CloseAfterResponse();
  response.headers.erase("Connection");
  response.headers.erase("Keep-Alive");
  response.set_header("Connection", "close");
}

}  // namespace

HttpServer::HttpServer(const ConnectionLimits& limits, size_t num_threads) : limits_(limits) {
  new_task_queue = [this, num_threads] {
    queue_.store(new ConnectionQueue(num_threads, limits_.max_waiting));
    return queue_.load();
  };
  set_payload_max_length(limits.body_bytes);
  set_post_routing_handler(CloseAfterBodyLeft);
  set_tcp_nodelay(true);  // a token is a small packet, and shall not wait for the next
}

void HttpServer::WidenBacklog() {
  ::listen(svr_sock_.load(), static_cast<int>(limits_.max_waiting));
}

bool HttpServer::process_and_close_socket(socket_t sock) {
  if (ConnectionQueue::turned_away()) {
    // As much as there is room for, by the thread that accepts connections: it waits for nobody.
    send(sock, kTooManyConnections.data(), kTooManyConnections.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(sock, SHUT_RDWR);
    close(sock);
    return false;
  }
  bool good = true;
  try {
    good = ServeConnection(sock);
  } catch (const std::exception&) {  // of memory, or of a stream under way: it ends here
    good = false;
  }
  shutdown(sock, SHUT_RDWR);
  close(sock);
  return good;
}

bool HttpServer::ServeConnection(socket_t sock) {
  Connection connection(
      sock, limits_, [this] { return svr_sock_ == INVALID_SOCKET; },
      [this] { return queue_.load()->crowded(); }, ConnectionQueue::came());
  const Connection::Serving serving(&connection);
  for (size_t left = kRequestsPerConnection; left > 0; --left) {
    if (!connection.AwaitRequest()) break;
    bool closed = false;
    const bool good = process_request(connection, left == 1, closed, IgnoreTypeAndRanges);
    if (connection.closes()) connection.TakeRest();
    if (!good) return false;
    if (closed || connection.closes()) break;
  }
  return true;
}

}  // namespace dynsplit::server
