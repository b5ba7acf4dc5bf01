#include "apps/server/origin.h"

#include <strings.h>

#include <string_view>

namespace dynsplit::server {
namespace {

bool Same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// The port that the scheme stands for may be left out of a host.
std::string_view WithoutPort(std::string_view host, std::string_view port) {
  if (host.ends_with(port)) host.remove_suffix(port.size());
  return host;
}

// "http://HOST" is the page of a server that is asked as HOST.
bool IsOwn(std::string_view origin, std::string_view host) {
  for (const auto& [scheme, port] :
       {std::pair<std::string_view, std::string_view>{"http://", ":80"}, {"https://", ":443"}}) {
    if (!origin.starts_with(scheme)) continue;
    origin.remove_prefix(scheme.size());
    return !origin.empty() && Same(WithoutPort(origin, port), WithoutPort(host, port));
  }
  return false;
}

std::string_view WithoutAnyPort(std::string_view host) {
  const size_t end = host.starts_with('[') ? host.find(']') + 1 : host.find(':');
  return host.substr(0, end);
}

}  // namespace

std::optional<ApiError> CheckOrigin(const httplib::Request& request, const std::string& allowed) {
  if (!request.has_header("Origin") || allowed == "*") return {};
  const std::string origin = request.get_header_value("Origin");
  if (IsOwn(origin, request.get_header_value("Host"))) return {};
  if (!allowed.empty() && Same(origin, allowed)) return {};
  return ApiError{.http_status = 403,
                  .message = "pages of another origin may not ask (--cors)",
                  .code = "origin_not_allowed"};
}

std::optional<ApiError> CheckHost(const httplib::Request& request, const std::string& host) {
  if (!request.has_header("Host")) return {};  // no browser
  const std::string asked = request.get_header_value("Host");
  const std::string_view name = WithoutAnyPort(asked);
  for (const std::string_view own : {"localhost", "127.0.0.1", "[::1]"}) {
    if (Same(name, own)) return {};
  }
  if (Same(name, host)) return {};
  return ApiError{.http_status = 403,
                  .message =
                      "the header Host is no name of this machine, which a server without a "
                      "key wants",
                  .code = "host_not_allowed"};
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace dynsplit::server
