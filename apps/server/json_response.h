// JSON as the body of a response.
#pragma once

#include <httplib.h>

#include "apps/common/json.h"
#include "apps/server/api_error.h"

namespace dynsplit::server {

void Reply(const Json& json, httplib::Response* response);
void Reply(const ApiError& error, httplib::Response* response);

}  // namespace dynsplit::server
