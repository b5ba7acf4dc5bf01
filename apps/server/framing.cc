#include "apps/server/framing.h"

#include <strings.h>

#include <algorithm>
#include <string>

namespace dynsplit::server {
namespace {

constexpr const char* kLength = "Content-Length";
constexpr const char* kEncoding = "Transfer-Encoding";

bool IsNumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<ApiError> CheckFraming(const httplib::Request& request) {
  const size_t lengths = request.get_header_value_count(kLength);
  const size_t encodings = request.get_header_value_count(kEncoding);
  if (lengths + encodings > 1) {
    return ApiError{.message = "the request says more than once how long its body is"};
  }
  if (lengths == 1 && !IsNumber(request.get_header_value(kLength))) {
    return ApiError{.message = "Content-Length is no whole number"};
  }
  if (encodings == 1 && strcasecmp(request.get_header_value(kEncoding).c_str(), "chunked") != 0) {
    return ApiError{.message = "Transfer-Encoding is not chunked, the only one that is read here"};
  }
  if (request.method == "POST" && lengths + encodings == 0) {
    return ApiError{.http_status = 411, .message = "Content-Length is missing"};
  }
  return {};
}

bool LeavesBody(const httplib::Request& request) {
  return request.method != "POST" && (request.has_header(kLength) || request.has_header(kEncoding));
}

}  // namespace dynsplit::server
