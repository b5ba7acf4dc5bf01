// The page: what a browser gets at GET / and below GET /web/. Any thread.
#pragma once

#include <httplib.h>

#include <string>

#include "apps/server/web_files.h"

namespace dynsplit::server {

// The file that a path stands for: "/" for index.html, "/web/NAME" for the others. Null: none.
const WebFile* FindWebFile(const std::string& path);

// The file, or 304 for a browser that has it. The page may load and ask nothing but this server,
// run no script but its own files, and stand in no frame.
void ServeWebFile(const WebFile& file, const httplib::Request& request,
                  httplib::Response* response);

}  // namespace dynsplit::server
