// The server: an address, routes, and the service behind them once a model is loaded. Until then
// /health and all other routes answer 503. A request never ends the process: what it throws becomes
// an error of its response.
//
// Order of calls: Create Start SetService? Stop. The methods belong to one thread; routes run on
// threads of their own.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "apps/server/access.h"
#include "apps/server/http_server.h"
#include "apps/server/metrics.h"
#include "apps/server/route_table.h"
#include "apps/server/service.h"

namespace dynsplit::server {

struct ApiServerOptions {
  std::string host = "127.0.0.1";
  int port = 8080;                         // 0: any that is free
  std::vector<std::string> api_keys = {};  // none: everybody may ask
  bool page = true;                        // at /
  std::string cors_origin = {};            // whose pages may ask from a browser; "": none, "*": any
  size_t num_threads = 96;                 // connections served at the same time
  ConnectionLimits limits = {};
};

class ApiServer {
 public:
  // Takes the address: IoError where it cannot be had.
  static Result<std::unique_ptr<ApiServer>> Create(const ApiServerOptions& options);
  ~ApiServer();

  int port() const { return port_; }
  Metrics* metrics() { return &metrics_; }
  const std::vector<RouteTable::Route>& routes() const { return routes_.routes(); }

  void Start();  // begins to answer
  // No connection is taken any more: after Stop, or by itself where the system has no more files or
  // buffers for one. May be called by any thread.
  bool ended() const { return ended_.load(); }
  void SetService(std::unique_ptr<Service> service);
  // Ends the service as Scheduler::Stop does, then the connections.
  void Stop(std::chrono::milliseconds grace);

 private:
  using Route = std::function<void(const httplib::Request&, httplib::Response*)>;

  explicit ApiServer(const ApiServerOptions& options);
  void AddRoutes();
  void AddPage();
  void AddModelRoutes();
  void AddSessionRoutes();
  void AddGet(const char* path, Route route);
  void AddPost(const char* path, Route route);
  void AddDelete(const char* path, Route route);
  // The first look at a request, before its body is read. True: it was answered.
  bool Refuse(const httplib::Request& request, httplib::Response* response);
  std::optional<ApiError> CheckAdmission(const httplib::Request& request) const;
  // A route that lacks the method; the response gets the ones that it has.
  std::optional<ApiError> CheckMethod(const std::string& method, const std::string& path,
                                      httplib::Response* response) const;
  void AddCorsHeaders(httplib::Response* response) const;
  void CompleteError(const httplib::Request& request, httplib::Response* response) const;
  std::string SaltOf(const httplib::Request& request) const;

  const ApiServerOptions options_;
  const Access access_;
  Metrics metrics_;
  int port_ = 0;
  std::unique_ptr<Service> owned_service_;
  std::atomic<Service*> service_ = nullptr;
  std::atomic<bool> ended_ = false;
  RouteTable routes_;
  HttpServer http_;
  std::thread thread_;
};

}  // namespace dynsplit::server
