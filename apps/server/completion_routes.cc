#include "apps/server/completion_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

#include "apps/common/chat_prompt.h"
#include "apps/server/answer_format.h"
#include "apps/server/connection.h"
#include "apps/server/json_response.h"
#include "apps/server/ongoing_answers.h"

namespace dynsplit::server {
namespace {

constexpr const char* kRetryAfterSeconds = "1";
// Of the prompts of one response, once for each choice: up to 1.5 KB of JSON each.
constexpr int64_t kMaxEchoedScores = int64_t{1} << 16;

// A request whose prompts are tokens.
struct EncodedRequest {
  AnswerRequest answer;
  std::vector<std::vector<int32_t>> prompts;
  std::vector<std::string> echo;  // the prompts' texts; empty: not wanted
  const char* prompt_field = "prompt";
};

std::optional<ApiError> CheckModel(const Service& service, const std::string& model) {
  if (model.empty() || model == service.model_name) return {};
  return ApiError{
      .http_status = 404,
      .message = "the model " + model + " does not exist; there is " + service.model_name,
      .param = "model",
      .code = "model_not_found"};
}

std::optional<ApiError> CheckPrompts(const Service& service, const EncodedRequest& request) {
  for (const std::vector<int32_t>& prompt : request.prompts) {
    if (prompt.empty()) {
      return ApiError{.message = std::string(request.prompt_field) + " is empty",
                      .param = request.prompt_field};
    }
    const auto tokens = static_cast<int64_t>(prompt.size());
    if (tokens < service.context_tokens) continue;
    return ApiError{.message = fmt::format("the prompt has {} tokens, and the context of {} has "
                                           "to have room for an answer",
                                           tokens, service.context_tokens),
                    .param = request.prompt_field,
                    .code = "context_length_exceeded"};
  }
  return {};
}

int64_t CountTokens(const EncodedRequest& request) {
  int64_t count = 0;
  for (const std::vector<int32_t>& prompt : request.prompts) {
    count += static_cast<int64_t>(prompt.size());
  }
  return count;
}

std::optional<ApiError> CheckEcho(const EncodedRequest& request) {
  if (request.echo.empty() || !request.answer.top_logprobs) return {};
  const int64_t scores = CountTokens(request) * request.answer.num_choices;
  if (scores <= kMaxEchoedScores) return {};
  return ApiError{.message = fmt::format("logprobs of {} echoed tokens, wanted at most {}: fewer "
                                         "choices, or shorter or fewer prompts",
                                         scores, kMaxEchoedScores),
                  .param = "logprobs"};
}

std::vector<Job> MakeJobs(const Service& service, const std::string& salt,
                          const EncodedRequest& request, std::shared_ptr<AnswerStream> stream) {
  const AnswerRequest& answer = request.answer;
  std::vector<Job> jobs;
  for (const std::vector<int32_t>& prompt : request.prompts) {
    Job job{.prompt = prompt,
            .method = answer.method,
            .num_choices = answer.num_choices,
            .first_choice = static_cast<int>(jobs.size()) * answer.num_choices,
            .top_logprobs = answer.top_logprobs,
            .prompt_logprobs = answer.top_logprobs && !request.echo.empty(),
            .tracing = answer.tracing,
            .cache_salt = salt,
            .stream = stream};
    job.options.max_tokens = answer.max_tokens.value_or(kMaxTokensLimit);
    job.options.sampler = answer.sampler;
    job.options.stop = answer.stop;
    job.options.ignore_end = answer.ignore_end;
    if (service.timeout.count() > 0) job.deadline = job.arrived + service.timeout;
    jobs.push_back(std::move(job));
  }
  return jobs;
}

bool ClientGone() {
  const Connection* connection = Connection::Current();
  return connection != nullptr && connection->gone();
}

void Stream(std::shared_ptr<OngoingAnswers> answers, httplib::Response* response) {
  response->set_header("Cache-Control", "no-cache");
  response->set_header("X-Accel-Buffering", "no");  // a proxy shall not wait for more
  response->set_chunked_content_provider("text/event-stream", [answers](size_t,
                                                                        httplib::DataSink& sink) {
    const auto write = [&](std::string_view text) { return sink.write(text.data(), text.size()); };
    if (!answers->WriteNext(write, ClientGone)) sink.done();
    return true;
  });
}

void Serve(Service* service, const std::string& salt, EncodedRequest request,
           std::unique_ptr<AnswerFormat> format, httplib::Response* response) {
  if (const auto error = CheckPrompts(*service, request)) return Reply(*error, response);
  if (const auto error = CheckEcho(request)) return Reply(*error, response);
  const auto stream = std::make_shared<AnswerStream>();
  OngoingAnswers::Options options{.num_choices = request.answer.num_choices,
                                  .echo = request.echo,
                                  .prompt_tokens = CountTokens(request),
                                  .num_prompts = static_cast<int>(request.prompts.size()),
                                  .include_usage = request.answer.include_usage};
  if (request.answer.tracing != Tracing::kNone) {
    options.trace =
        std::make_shared<TraceFormat>(request.answer.tracing, request.prompts.front(),
                                      request.answer.method, service->model->tokenizer());
  }
  Status status = service->scheduler->Submit(MakeJobs(*service, salt, request, stream));
  if (status.code() == StatusCode::kResourceExhausted) {
    response->set_header("Retry-After", kRetryAfterSeconds);
    return Reply(ApiError{.http_status = 429,
                          .message = status.message(),
                          .type = "rate_limit_error",
                          .code = "queue_full"},
                 response);
  }
  if (!status.ok()) return Reply(FromStatus(status), response);
  ++service->num_ongoing;
  std::shared_ptr<OngoingAnswers> answers(new OngoingAnswers(stream, std::move(format), options),
                                          [service](OngoingAnswers* ended) {
                                            delete ended;
                                            --service->num_ongoing;
                                          });
  status = answers->AwaitStart(ClientGone);
  if (!status.ok()) return Reply(FromStatus(status), response);
  if (request.answer.stream) return Stream(std::move(answers), response);
  const Result<Json> whole = answers->Collect(ClientGone);
  if (!whole.ok()) return Reply(FromStatus(whole.status()), response);
  Reply(*whole, response);
}

AnswerFormat::Header MakeHeader(Service* service, const char* prefix, const AnswerRequest& answer) {
  return {.id = fmt::format("{}-{:x}{:08x}", prefix, service->created, service->num_requests++),
          .created = std::time(nullptr),
          .model = service->model_name,
          .logprobs = answer.top_logprobs.has_value()};
}

Result<std::vector<int32_t>> EncodeMessages(const Service& service,
                                            std::span<const ChatMessage> messages) {
  if (!service.chat_template.ok()) return service.chat_template.status();
  const auto parts = RenderParts(*service.chat_template, messages);
  if (!parts.ok()) return parts.status();
  return EncodeParts(service.model->tokenizer(), *parts, /*whole=*/true);
}

// A text that cannot be encoded is the client's to mend.
ApiError PromptError(const Status& status, const char* field) {
  return {.message = status.message(), .param = field};
}

}  // namespace

void ServeChat(Service* service, const std::string& salt, const httplib::Request& request,
               httplib::Response* response) {
  ChatRequest chat;
  if (const auto error = ParseChatRequest(request.body, service->defaults, &chat)) {
    return Reply(*error, response);
  }
  if (const auto error = CheckModel(*service, chat.answer.model)) return Reply(*error, response);
  auto tokens = EncodeMessages(*service, chat.messages);
  if (!tokens.ok()) return Reply(PromptError(tokens.status(), "messages"), response);
  auto format =
      MakeChatFormat(MakeHeader(service, "chatcmpl", chat.answer), service->model->tokenizer());
  EncodedRequest encoded{.answer = std::move(chat.answer),
                         .prompts = {*std::move(tokens)},
                         .echo = {},
                         .prompt_field = "messages"};
  Serve(service, salt, std::move(encoded), std::move(format), response);
}

void ServeCompletions(Service* service, const std::string& salt, const httplib::Request& request,
                      httplib::Response* response) {
  CompletionRequest completion;
  if (const auto error = ParseCompletionRequest(request.body, service->defaults, &completion)) {
    return Reply(*error, response);
  }
  if (const auto error = CheckModel(*service, completion.answer.model)) {
    return Reply(*error, response);
  }
  const Tokenizer& tokenizer = service->model->tokenizer();
  EncodedRequest encoded{.answer = std::move(completion.answer), .prompts = {}, .echo = {}};
  for (const PromptInput& prompt : completion.prompts) {
    if (const auto* text = std::get_if<std::string>(&prompt)) {
      auto tokens = tokenizer.Encode(*text);
      if (!tokens.ok()) return Reply(PromptError(tokens.status(), "prompt"), response);
      encoded.prompts.push_back(*std::move(tokens));
      if (completion.echo) encoded.echo.push_back(*text);
    } else {
      encoded.prompts.push_back(std::get<std::vector<int32_t>>(prompt));
      if (completion.echo) encoded.echo.push_back(tokenizer.Decode(encoded.prompts.back()));
    }
  }
  auto format = MakeTextFormat(MakeHeader(service, "cmpl", encoded.answer), tokenizer);
  Serve(service, salt, std::move(encoded), std::move(format), response);
}

}  // namespace dynsplit::server
