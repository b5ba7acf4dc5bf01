// Sessions that are kept under a name: GET /v1/sessions, POST and DELETE /v1/sessions/NAME, POST
// /v1/sessions/NAME/load. `key`: the client's API key, whose own sessions these are. Called by
// several threads at once.
#pragma once

#include <httplib.h>

#include <string>

#include "apps/server/service.h"

namespace dynsplit::server {

void ServeSessions(const Service& service, const std::string& key, httplib::Response* response);
// Reads a prompt ("messages" or "prompt", as for an answer) and saves what was read.
void ServeSaveSession(Service* service, const std::string& key, const httplib::Request& request,
                      httplib::Response* response);
// Puts it into the prefix cache: prompts that begin alike go on from there.
void ServeLoadSession(Service* service, const std::string& key, const httplib::Request& request,
                      httplib::Response* response);
void ServeDeleteSession(const Service& service, const std::string& key, const std::string& name,
                        httplib::Response* response);

}  // namespace dynsplit::server
