#include "apps/server/json_response.h"

namespace dynsplit::server {

void Reply(const Json& json, httplib::Response* response) {
  response->set_content(DumpJson(json), "application/json");
}

void Reply(const ApiError& error, httplib::Response* response) {
  response->status = error.http_status;
  Reply(ToJson(error), response);
}

}  // namespace dynsplit::server
