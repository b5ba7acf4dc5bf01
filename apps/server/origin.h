// Pages of elsewhere: a browser lets any website send requests to a server on this machine, and one
// whose name is made to lead here read the answers, too. Any thread.
#pragma once

#include <httplib.h>

#include <optional>
#include <string>

#include "apps/server/api_error.h"

namespace dynsplit::server {

// 403 for a page that is neither the server's own nor of `allowed` ("": no other, "*": any). Who
// asks without a browser has no Origin.
std::optional<ApiError> CheckOrigin(const httplib::Request& request, const std::string& allowed);

// 403 for a name that is none of this machine's own; `host` is one. For a server that only this
// machine can reach and that wants no key.
std::optional<ApiError> CheckHost(const httplib::Request& request, const std::string& host);

// Whether an address to listen at is this machine's alone.
bool IsLoopback(const std::string& host);

}  // namespace dynsplit::server
