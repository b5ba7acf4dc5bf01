// httplib's server over Connection instead of its own streams. Routes are set as there, but for the
// post-routing handler, which ends a connection after an error (4xx, 5xx) and after a body that was
// not read. What is thrown while a request is read or a response is streamed ends the connection,
// never the process.
#pragma once

#include <httplib.h>

#include <atomic>

#include "apps/server/connection.h"
#include "apps/server/connection_queue.h"

namespace dynsplit::server {

class HttpServer : public httplib::Server {
 public:
  // Serves so many connections at the same time; as many as ConnectionLimits say wait, and more are
  // turned away (503). A connection whose request waits for its answer counts.
  HttpServer(const ConnectionLimits& limits, size_t num_threads);

  // Lets so many connections come at once as may wait, where httplib's 5 would leave the others to
  // try again a second later. Once an address was bound.
  void WidenBacklog();

 private:
  bool process_and_close_socket(socket_t sock) override;
  // False where a request could not be read or answered.
  bool ServeConnection(socket_t sock);

  ConnectionLimits limits_;
  std::atomic<ConnectionQueue*> queue_ = nullptr;  // httplib's, there while connections are
};

}  // namespace dynsplit::server
