// httplib's server over Connection instead of its own streams. Routes are set as there.
#pragma once

#include <httplib.h>

#include "apps/server/connection.h"

namespace dynsplit::server {

class HttpServer : public httplib::Server {
 public:
  // Serves so many connections at the same time; more wait. A connection whose request waits for
  // its answer counts.
  HttpServer(const ConnectionLimits& limits, size_t num_threads);

 private:
  bool process_and_close_socket(socket_t sock) override;

  ConnectionLimits limits_;
};

}  // namespace dynsplit::server
