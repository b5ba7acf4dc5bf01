#include "apps/server/api_error.h"

namespace dynsplit::server {
namespace {

Json TextOrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

Json ToJson(const ApiError& error) {
  return {{"error",
           {{"message", error.message},
            {"type", error.type},
            {"param", TextOrNull(error.param)},
            {"code", TextOrNull(error.code)}}}};
}

ApiError FromStatus(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
      return {.http_status = 400, .message = status.message()};
    case StatusCode::kNotFound:
      return {.http_status = 404, .message = status.message()};
    case StatusCode::kUnavailable:
      return {.http_status = 503,
              .message = status.message(),
              .type = "server_error",
              .code = "unavailable"};
    case StatusCode::kResourceExhausted:
      return {.http_status = 503,
              .message = status.message(),
              .type = "server_error",
              .code = "out_of_memory"};
    case StatusCode::kCancelled:
      return {.http_status = 504,
              .message = status.message(),
              .type = "server_error",
              .code = "timeout"};
    default:
      return {.http_status = 500, .message = status.message(), .type = "server_error"};
  }
}

ApiError FromSubmission(const Status& status) {
  if (status.code() == StatusCode::kInvalidArgument) {
    return {.http_status = 400, .message = status.message(), .param = "prompt"};
  }
  if (status.code() != StatusCode::kResourceExhausted) return FromStatus(status);
  return {.http_status = 429,
          .message = status.message(),
          .type = "rate_limit_error",
          .code = "queue_full"};
}

}  // namespace dynsplit::server
