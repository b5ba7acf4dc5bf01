// POST /v1/chat/completions and POST /v1/completions: from a request to jobs, and from what is told
// of them to a response, whole or as a stream of events. Called by the threads of connections,
// several at once.
#pragma once

#include <httplib.h>

#include "apps/server/service.h"

namespace dynsplit::server {

// `salt`: prompts are shared in the prefix cache among requests with the same one.
void ServeChat(Service* service, const std::string& salt, const httplib::Request& request,
               httplib::Response* response);
void ServeCompletions(Service* service, const std::string& salt, const httplib::Request& request,
                      httplib::Response* response);

}  // namespace dynsplit::server
