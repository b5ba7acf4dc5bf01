#include "apps/server/session_routes.h"

#include <algorithm>
#include <utility>

#include "apps/server/completion_request.h"
#include "apps/server/connection.h"
#include "apps/server/json_response.h"
#include "apps/server/prompt_encoding.h"
#include "apps/server/request_fields.h"

namespace dynsplit::server {
namespace {

std::optional<ApiError> CheckEnabled(const Service& service) {
  if (service.sessions) return {};
  return ApiError{.http_status = 404,
                  .message = "the server keeps no sessions: it was started without --session-dir",
                  .code = "sessions_disabled"};
}

std::optional<ApiError> CheckName(const Service& service, const std::string& name) {
  if (auto error = CheckEnabled(service)) return error;
  if (SessionFolder::IsName(name)) return {};
  return ApiError{.message =
                      "name is not made of 1 to 64 letters, digits, '-', '_' and '.', which "
                      "may not come first",
                  .param = "name"};
}

// Files that cannot be used are the client's to save anew.
ApiError SessionError(const Status& status, const std::string& name) {
  ApiError error = FromStatus(status);
  switch (status.code()) {
    case StatusCode::kNotFound:
      return {.http_status = 404,
              .message = "there is no session " + name,
              .param = "name",
              .code = "session_not_found"};
    case StatusCode::kCorruption:
    case StatusCode::kUnsupported:
    case StatusCode::kInvalidArgument:
      error.http_status = 422;
      error.type = "invalid_request_error";
      error.message = "the session " + name + " cannot be used: it is broken, or of another model";
      error.param = "name";
      error.code = "session_unusable";
      return error;
    default:
      return error;
  }
}

// Waits for the job's end, or for the client to go.
AnswerEvent AwaitEnd(AnswerStream* stream) {
  while (!Connection::ClientGone()) {
    std::optional<AnswerEvent> event = stream->Wait(kLookInterval);
    if (!event || event->kind == AnswerEvent::Kind::kStarted) continue;
    return *std::move(event);
  }
  stream->Cancel();
  return {.kind = AnswerEvent::Kind::kFailed, .status = Cancelled("the client has gone")};
}

void RunJob(Service* service, Job job, const std::string& name, httplib::Response* response) {
  const auto stream = std::make_shared<AnswerStream>();
  job.stream = stream;
  if (service->timeout.count() > 0) job.deadline = job.arrived + service->timeout;
  std::vector<Job> jobs;
  jobs.push_back(std::move(job));
  const Status status = service->scheduler->Submit(std::move(jobs));
  if (!status.ok()) return Reply(FromSubmission(status), response);
  ++service->num_ongoing;
  const AnswerEvent end = AwaitEnd(stream.get());
  --service->num_ongoing;
  if (!end.status.ok()) return Reply(SessionError(end.status, name), response);
  Reply(Json{{"name", name}, {"object", "session"}, {"tokens", end.num_tokens}}, response);
}

// The prompt of a body that has either "messages" or "prompt".
std::optional<ApiError> TakePrompt(const Service& service, const std::string& body,
                                   std::vector<int32_t>* tokens) {
  const ParsedBody parsed = ParseBody(body);
  if (parsed.error) return parsed.error;
  RequestFields fields(parsed.json);
  if (fields.Find("messages") != nullptr) {
    if (fields.Find("prompt") != nullptr) {
      return ApiError{.message = "there are messages and a prompt, wanted one of them",
                      .param = "prompt"};
    }
    ChatRequest chat;
    if (auto error = ParseChatRequest(body, service.defaults, &chat)) return error;
    if (auto error = CheckModel(service, chat.answer.model)) return error;
    return EncodeMessages(service, chat.messages, tokens);
  }
  CompletionRequest completion;
  if (auto error = ParseCompletionRequest(body, service.defaults, &completion)) return error;
  if (auto error = CheckModel(service, completion.answer.model)) return error;
  if (completion.prompts.size() > 1) {
    return ApiError{.message = "prompt is more than one", .param = "prompt"};
  }
  return EncodePrompt(service, completion.prompts.front(), completion.parse_special, tokens);
}

// Of a request that needs no body.
std::optional<ApiError> CheckBody(const Service& service, const std::string& body) {
  if (body.empty()) return {};
  const ParsedBody parsed = ParseBody(body);
  if (parsed.error) return parsed.error;
  RequestFields fields(parsed.json);
  std::string model;
  fields.Text("model", &model);
  return fields.error() ? fields.error() : CheckModel(service, model);
}

}  // namespace

void ServeSessions(const Service& service, const std::string& key, httplib::Response* response) {
  if (const auto error = CheckEnabled(service)) return Reply(*error, response);
  Json list = Json::array();
  for (const SessionFolder::Saved& saved : service.sessions->List(key)) {
    list.push_back({{"name", saved.name},
                    {"object", "session"},
                    {"bytes", saved.bytes},
                    {"modified", saved.modified}});
  }
  Reply(Json{{"object", "list"}, {"data", std::move(list)}}, response);
}

void ServeSaveSession(Service* service, const std::string& key, const httplib::Request& request,
                      httplib::Response* response) {
  const std::string name = request.matches[1];
  if (const auto error = CheckName(*service, name)) return Reply(*error, response);
  Job job;
  if (const auto error = TakePrompt(*service, request.body, &job.prompt)) {
    return Reply(*error, response);
  }
  job.session_place = service->sessions->Reserve(key, name);
  if (!job.session_place) {
    return Reply(ApiError{.message = "there are " + std::to_string(SessionFolder::kMaxSessions) +
                                     " sessions, and no more are kept: delete one",
                          .param = "name",
                          .code = "too_many_sessions"},
                 response);
  }
  const Status status = service->sessions->Prepare(key);
  if (!status.ok()) return Reply(FromStatus(status), response);
  job.save_path = service->sessions->PathOf(key, name);
  job.method = service->defaults.method;
  job.cache_salt = key;
  RunJob(service, std::move(job), name, response);
}

void ServeLoadSession(Service* service, const std::string& key, const httplib::Request& request,
                      httplib::Response* response) {
  const std::string name = request.matches[1];
  if (const auto error = CheckName(*service, name)) return Reply(*error, response);
  if (const auto error = CheckBody(*service, request.body)) return Reply(*error, response);
  Job job;
  job.load_path = service->sessions->PathOf(key, name);
  job.cache_salt = key;
  RunJob(service, std::move(job), name, response);
}

void ServeDeleteSession(const Service& service, const std::string& key, const std::string& name,
                        httplib::Response* response) {
  if (const auto error = CheckName(service, name)) return Reply(*error, response);
  const Status status = service.sessions->Remove(key, name);
  if (!status.ok()) return Reply(SessionError(status, name), response);
  Reply(Json{{"name", name}, {"object", "session"}, {"deleted", true}}, response);
}

}  // namespace dynsplit::server
