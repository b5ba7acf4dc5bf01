// Where a request ends, as far as httplib leaves that open: what it takes for the next request of a
// connection must not be the body of this one. Any thread.
#pragma once

#include <httplib.h>

#include <optional>

#include "apps/server/api_error.h"

namespace dynsplit::server {

// What httplib and a proxy before it could read differently, or httplib until the connection's end:
// two lengths, a length that is no number, an encoding other than chunked (400), or a POST without
// either (411).
std::optional<ApiError> CheckFraming(const httplib::Request& request);

// The request has, or may have, a body that httplib does not read.
bool LeavesBody(const httplib::Request& request);

}  // namespace dynsplit::server
