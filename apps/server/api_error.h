// What a request is refused or ended with, in the shape that clients of OpenAI's API know:
// {"error": {"message", "type", "param", "code"}}.
#pragma once

#include <string>

#include "apps/common/json.h"
#include "dynsplit/status.h"

namespace dynsplit::server {

struct ApiError {
  int http_status = 400;
  std::string message;
  std::string type = "invalid_request_error";
  std::string param = {};  // the field that is wrong; "": none, sent as null
  std::string code = {};   // for programs to tell errors apart; "": none, sent as null
};

Json ToJson(const ApiError& error);

// InvalidArgument is the client's fault (400), NotFound 404, Unavailable and ResourceExhausted are
// for another try (503), Cancelled is a request that took too long (504); all else is ours (500).
ApiError FromStatus(const Status& status);
// Of Scheduler::Submit: ResourceExhausted is a full queue (429), InvalidArgument too many prompts.
ApiError FromSubmission(const Status& status);

}  // namespace dynsplit::server
