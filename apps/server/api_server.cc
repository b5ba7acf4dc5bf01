#include "apps/server/api_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "apps/server/completion_routes.h"
#include "apps/server/connection.h"
#include "apps/server/framing.h"
#include "apps/server/json_response.h"
#include "apps/server/model_routes.h"
#include "apps/server/openapi_document.h"
#include "apps/server/origin.h"
#include "apps/server/session_routes.h"
#include "apps/server/web_page.h"

namespace dynsplit::server {
namespace {

// What is known without a key: whether the server is up.
constexpr std::string_view kHealth = "/health";
constexpr std::chrono::seconds kLastWordsTime(2);  // for clients to take the end of their answers

ApiError Unavailable(const std::string& message) {
  return {.http_status = 503, .message = message, .type = "server_error", .code = "unavailable"};
}

ApiError ErrorOf(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    return {.http_status = 503,
            .message = "no memory for this request",
            .type = "server_error",
            .code = "out_of_memory"};
  } catch (const std::exception& error) {
    return {.http_status = 500, .message = error.what(), .type = "server_error"};
  } catch (...) {
    return {.http_status = 500, .message = "unknown error", .type = "server_error"};
  }
}

ApiError TooLarge() {
  return {.http_status = 413, .message = "the request is too large", .code = "too_large"};
}

// What httplib itself, or reading the request, ended with.
ApiError ErrorOfStatus(int http_status) {
  const Connection* connection = Connection::Current();
  if (connection != nullptr && connection->timed_out()) {
    return {.http_status = 408, .message = "the request did not come in time", .code = "timeout"};
  }
  if (http_status == 413 || (connection != nullptr && connection->too_large())) {
    return TooLarge();
  }
  if (http_status == 404) {
    return {.http_status = 404, .message = "no such route", .code = "unknown_url"};
  }
  if (http_status == 414) {
    return {.http_status = 414, .message = "the request's address is too long"};
  }
  if (http_status == 416) {
    return {.http_status = 416, .message = "the header Range cannot be read: leave it out"};
  }
  return {.http_status = http_status, .message = "the request is no well-formed HTTP request"};
}

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::Create(const ApiServerOptions& options) {
  std::unique_ptr<ApiServer> server(new ApiServer(options));
  errno = 0;
  if (options.port == 0) {
    server->port_ = server->http_.bind_to_any_port(options.host);
  } else if (server->http_.bind_to_port(options.host, options.port)) {
    server->port_ = options.port;
  }
  if (server->port_ > 0) {
    server->http_.WidenBacklog();
    return server;
  }
  return IoError(options.host + ":" + std::to_string(options.port) + ": cannot listen there: " +
                 (errno != 0 ? std::strerror(errno) : "no such address"));
}

ApiServer::ApiServer(const ApiServerOptions& options)
    : options_(options), access_(options.api_keys), http_(options.limits, options.num_threads) {
  AddRoutes();
}

ApiServer::~ApiServer() { Stop(std::chrono::milliseconds(0)); }

void ApiServer::Start() {
  thread_ = std::thread([this] {
    http_.listen_after_bind();
    ended_.store(true);
  });
  while (!http_.is_running() && !ended_.load())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void ApiServer::SetService(std::unique_ptr<Service> service) {
  owned_service_ = std::move(service);
  service_.store(owned_service_.get());
}

void ApiServer::Stop(std::chrono::milliseconds grace) {
  if (owned_service_) owned_service_->scheduler->Stop(grace);
  if (!thread_.joinable()) return;
  // All answers have ended, but httplib cuts off what was not written of them.
  const auto until = std::chrono::steady_clock::now() + kLastWordsTime;
  while (owned_service_ && owned_service_->num_ongoing > 0 &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  http_.stop();
  thread_.join();
}

bool ApiServer::Refuse(const httplib::Request& request, httplib::Response* response) {
  AddCorsHeaders(response);
  std::optional<ApiError> error = CheckFraming(request);
  if (!error) error = CheckOrigin(request, options_.cors_origin);
  if (!error && options_.api_keys.empty() && IsLoopback(options_.host)) {
    error = CheckHost(request, options_.host);
  }
  if (!error && request.method == "OPTIONS" && !options_.cors_origin.empty()) {
    response->status = 204;
    return true;
  }
  if (!error) error = CheckAdmission(request);
  if (!error) error = CheckMethod(request.method, request.path, response);
  if (!error) return false;
  if (error->http_status == 401) response->set_header("WWW-Authenticate", "Bearer");
  Reply(*error, response);
  return true;
}

std::optional<ApiError> ApiServer::CheckAdmission(const httplib::Request& request) const {
  if (options_.page && FindWebFile(request.path) != nullptr) return {};  // it asks for the key
  if (request.path != kHealth && !access_.Check(request.get_header_value("Authorization"))) {
    return ApiError{.http_status = 401,
                    .message = "wrong API key: \"Authorization: Bearer KEY\" is wanted",
                    .type = "authentication_error",
                    .code = "invalid_api_key"};
  }
  if (request.has_header("Content-Encoding")) {  // a few bytes could stand for very many
    return ApiError{.http_status = 415, .message = "a body must not be compressed"};
  }
  if (request.get_header_value<uint64_t>("Content-Length") > options_.limits.body_bytes) {
    return TooLarge();  // before a byte of it is waited for
  }
  if (service_.load() == nullptr) return Unavailable("the model is being loaded");
  return {};
}

std::optional<ApiError> ApiServer::CheckMethod(const std::string& method, const std::string& path,
                                               httplib::Response* response) const {
  const std::string methods = routes_.OtherMethods(method, path);
  if (methods.empty()) return {};
  response->set_header("Allow", methods);
  return ApiError{.http_status = 405,
                  .message = "the route has no " + method + ", but " + methods,
                  .code = "method_not_allowed"};
}

void ApiServer::AddCorsHeaders(httplib::Response* response) const {
  if (options_.cors_origin.empty()) return;
  response->set_header("Access-Control-Allow-Origin", options_.cors_origin);
  response->set_header("Access-Control-Allow-Headers", "Authorization, Content-Type");
  response->set_header("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS");
}

std::string ApiServer::SaltOf(const httplib::Request& request) const {
  return access_.Check(request.get_header_value("Authorization")).value_or("");
}

void ApiServer::CompleteError(const httplib::Request& request, httplib::Response* response) const {
  if (!response->body.empty()) return;  // a route has said what is wrong
  ApiError error = ErrorOfStatus(response->status);
  // A method that httplib does not know, QUERY for one, ends the request before it has a path.
  if (error.http_status == 400 && request.path.empty()) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    error = CheckMethod(request.method, path, response).value_or(error);
  }
  Reply(error, response);
}

void ApiServer::AddGet(const char* path, Route route) {
  routes_.Add("GET", path);
  http_.Get(path,
            [route = std::move(route)](const httplib::Request& request,
                                       httplib::Response& response) { route(request, &response); });
}

void ApiServer::AddPost(const char* path, Route route) {
  routes_.Add("POST", path);
  http_.Post(path, [this, route = std::move(route)](const httplib::Request& request,
                                                    httplib::Response& response) {
    // httplib holds only a length against the limit; a body in chunks has none.
    if (request.body.size() > options_.limits.body_bytes) return Reply(TooLarge(), &response);
    route(request, &response);
  });
}

void ApiServer::AddDelete(const char* path, Route route) {
  routes_.Add("DELETE", path);
  http_.Delete(
      path, [route = std::move(route)](const httplib::Request& request,
                                       httplib::Response& response) { route(request, &response); });
}

void ApiServer::AddRoutes() {
  using httplib::Request;
  using httplib::Response;
  http_.set_pre_routing_handler([this](const Request& request, Response& response) {
    return Refuse(request, &response) ? httplib::Server::HandlerResponse::Handled
                                      : httplib::Server::HandlerResponse::Unhandled;
  });
  http_.set_expect_100_continue_handler([this](const Request& request, Response& response) {
    if (Refuse(request, &response)) return response.status;
    response.headers.clear();  // those of the answer come again
    return 100;
  });
  http_.set_exception_handler([](const Request&, Response& response, std::exception_ptr thrown) {
    Reply(ErrorOf(thrown), &response);
  });
  http_.set_error_handler(
      httplib::Server::HandlerWithResponse([this](const Request& request, Response& response) {
        CompleteError(request, &response);
        // Ranges that it could not read httplib would go on to apply to the error, those before the
        // wrong one; else it does so, and counts the bytes, because it is told that all is handled.
        if (response.status != 416) return httplib::Server::HandlerResponse::Handled;
        response.set_header("Content-Length", std::to_string(response.body.size()));
        return httplib::Server::HandlerResponse::Unhandled;
      }));
  http_.set_logger([this](const Request& request, const Response& response) {
    metrics_.CountRequest(request.path == "/" ? "/" : routes_.LabelOf(request.path),
                          response.status);
  });
  if (options_.page) AddPage();
  AddModelRoutes();
  AddSessionRoutes();
  AddPost("/v1/chat/completions", [this](const Request& request, Response* response) {
    ServeChat(service_, SaltOf(request), request, response);
  });
  AddPost("/v1/completions", [this](const Request& request, Response* response) {
    ServeCompletions(service_, SaltOf(request), request, response);
  });
}

void ApiServer::AddPage() {
  // No part of the API, so in no document of it.
  http_.Get("/|/web/.+", [](const httplib::Request& request, httplib::Response& response) {
    const WebFile* file = FindWebFile(request.path);
    response.status = 404;
    if (file != nullptr) ServeWebFile(*file, request, &response);
  });
}

void ApiServer::AddModelRoutes() {
  using httplib::Request;
  using httplib::Response;
  AddGet("/health", [](const Request&, Response* response) {
    Reply(Json{{"status", "ok"}}, response);
  });
  AddGet("/openapi.json", [](const Request&, Response* response) {
    response->set_content(std::string(OpenApiDocument()), "application/json");
  });
  AddGet("/metrics", [this](const Request&, Response* response) {
    response->set_content(metrics_.ToText(), "text/plain; version=0.0.4");
  });
  AddGet("/props", [this](const Request&, Response* response) { ServeProps(*service_, response); });
  AddGet("/tokenizer_info",
         [this](const Request&, Response* response) { ServeTokenizerInfo(*service_, response); });
  AddGet("/v1/models",
         [this](const Request&, Response* response) { ServeModels(*service_, response); });
  AddGet("/v1/models/(.+)", [this](const Request& request, Response* response) {
    ServeModel(*service_, request.matches[1], response);
  });
  AddPost("/tokenize", [this](const Request& request, Response* response) {
    ServeTokenize(*service_, request, response);
  });
  AddPost("/detokenize", [this](const Request& request, Response* response) {
    ServeDetokenize(*service_, request, response);
  });
}

void ApiServer::AddSessionRoutes() {
  using httplib::Request;
  using httplib::Response;
  AddGet("/v1/sessions", [this](const Request& request, Response* response) {
    ServeSessions(*service_, SaltOf(request), response);
  });
  AddPost("/v1/sessions/(.+)/load", [this](const Request& request, Response* response) {
    ServeLoadSession(service_, SaltOf(request), request, response);
  });
  AddPost("/v1/sessions/(.+)", [this](const Request& request, Response* response) {
    ServeSaveSession(service_, SaltOf(request), request, response);
  });
  AddDelete("/v1/sessions/(.+)", [this](const Request& request, Response* response) {
    ServeDeleteSession(*service_, SaltOf(request), request.matches[1], response);
  });
}

}  // namespace dynsplit::server
