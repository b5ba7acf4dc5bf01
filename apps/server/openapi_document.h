// The OpenAPI document of the routes: apps/server/openapi.json, which a test compares with them.
#pragma once

#include <string_view>

namespace dynsplit::server {

std::string_view OpenApiDocument();

}  // namespace dynsplit::server
