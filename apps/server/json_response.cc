#include "apps/server/json_response.h"

namespace dynsplit::server {
namespace {

constexpr const char* kRetryAfterSeconds = "1";

}  // namespace

void Reply(const Json& json, httplib::Response* response) {
  response->set_content(DumpJson(json), "application/json");
}

void Reply(const ApiError& error, httplib::Response* response) {
  response->status = error.http_status;
  if (error.http_status == 429) response->set_header("Retry-After", kRetryAfterSeconds);
  Reply(ToJson(error), response);
}

}  // namespace dynsplit::server
