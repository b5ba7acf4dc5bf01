#include "apps/server/completion_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

#include "apps/server/answer_format.h"
#include "apps/server/connection.h"
#include "apps/server/json_response.h"
#include "apps/server/ongoing_answers.h"
#include "apps/server/prompt_encoding.h"

namespace dynsplit::server {
namespace {

// Of the prompts of one response, once for each choice: up to 1.5 KB of JSON each.
constexpr int64_t kMaxEchoedScores = int64_t{1} << 16;

// A request whose prompts are tokens.
struct EncodedRequest {
  AnswerRequest answer;
  std::vector<std::vector<int32_t>> prompts;
  std::vector<std::string> echo;  // the prompts' texts; empty: not wanted
};

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
            .grammar = answer.grammar,
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

void Stream(std::shared_ptr<OngoingAnswers> answers, httplib::Response* response) {
  response->set_header("Cache-Control", "no-cache");
  response->set_header("X-Accel-Buffering", "no");  // a proxy shall not wait for more
  response->set_chunked_content_provider("text/event-stream", [answers](size_t,
                                                                        httplib::DataSink& sink) {
    const auto write = [&](std::string_view text) { return sink.write(text.data(), text.size()); };
    if (!answers->WriteNext(write, Connection::ClientGone)) sink.done();
    return true;
  });
}

void Serve(Service* service, const std::string& salt, EncodedRequest request,
           std::unique_ptr<AnswerFormat> format, httplib::Response* response) {
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
  if (!status.ok()) return Reply(FromSubmission(status), response);
  ++service->num_ongoing;
  std::shared_ptr<OngoingAnswers> answers(new OngoingAnswers(stream, std::move(format), options),
                                          [service](OngoingAnswers* ended) {
                                            delete ended;
                                            --service->num_ongoing;
                                          });
  status = answers->AwaitStart(Connection::ClientGone);
  if (!status.ok()) return Reply(FromStatus(status), response);
  if (request.answer.stream) return Stream(std::move(answers), response);
  const Result<Json> whole = answers->Collect(Connection::ClientGone);
  if (!whole.ok()) return Reply(FromStatus(whole.status()), response);
  Reply(*whole, response);
}

// The prompt as text, without the token that begins a text.
std::string EchoOf(const PromptInput& prompt, std::span<const int32_t> tokens,
                   const Tokenizer& tokenizer) {
  if (const auto* text = std::get_if<std::string>(&prompt)) return *text;
  if (!tokens.empty() && tokens.front() == tokenizer.bos()) tokens = tokens.subspan(1);
  return tokenizer.Decode(tokens, /*show_control=*/true);
}

AnswerFormat::Header MakeHeader(Service* service, const char* prefix, const AnswerRequest& answer) {
  return {.id = fmt::format("{}-{:x}{:08x}", prefix, service->created, service->num_requests++),
          .created = std::time(nullptr),
          .model = service->model_name,
          .logprobs = answer.top_logprobs.has_value(),
          .usage_follows = answer.stream && answer.include_usage};
}

}  // namespace

void ServeChat(Service* service, const std::string& salt, const httplib::Request& request,
               httplib::Response* response) {
  ChatRequest chat;
  if (const auto error = ParseChatRequest(request.body, service->defaults, &chat)) {
    return Reply(*error, response);
  }
  if (const auto error = CheckModel(*service, chat.answer.model)) return Reply(*error, response);
  std::vector<int32_t> tokens;
  if (const auto error = EncodeMessages(*service, chat.messages, &tokens)) {
    return Reply(*error, response);
  }
  auto format =
      MakeChatFormat(MakeHeader(service, "chatcmpl", chat.answer), service->model->tokenizer());
  EncodedRequest encoded{
      .answer = std::move(chat.answer), .prompts = {std::move(tokens)}, .echo = {}};
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
    std::vector<int32_t>& tokens = encoded.prompts.emplace_back();
    if (const auto error = EncodePrompt(*service, prompt, completion.parse_special, &tokens)) {
      return Reply(*error, response);
    }
    if (completion.echo) encoded.echo.push_back(EchoOf(prompt, tokens, tokenizer));
  }
  auto format = MakeTextFormat(MakeHeader(service, "cmpl", encoded.answer), tokenizer);
  Serve(service, salt, std::move(encoded), std::move(format), response);
}

}  // namespace dynsplit::server
