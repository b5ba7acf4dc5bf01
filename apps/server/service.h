// What the routes serve: a model that is loaded, and the scheduler that runs it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "apps/server/completion_request.h"
#include "apps/server/scheduler.h"
#include "apps/server/session_folder.h"
#include "apps/server/text_bound.h"
#include "dynsplit/chat.h"
#include "dynsplit/model.h"

namespace dynsplit::server {

struct Service {
  std::string model_name;  // as clients call it
  int64_t created = 0;     // seconds since 1970: when it was loaded
  std::shared_ptr<const Model> model;
  Result<ChatTemplate> chat_template = Unsupported("no chat template");
  int64_t context_tokens = 0;
  TextBound text_bound;  // of the model's vocabulary
  std::string build_info;
  RequestDefaults defaults;
  std::chrono::seconds timeout{0};        // of one request; 0: none
  std::optional<SessionFolder> sessions;  // none: sessions cannot be saved
  std::unique_ptr<Scheduler> scheduler;
  std::atomic<int> num_ongoing = 0;        // requests whose answers are still being told
  std::atomic<uint64_t> num_requests = 0;  // for their ids
};

}  // namespace dynsplit::server
