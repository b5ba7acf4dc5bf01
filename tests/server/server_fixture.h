// A tiny model behind a scheduler or a whole server, on a port of its own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/server/api_server.h"
#include "support/temp_file.h"
#include "support/tiny_model.h"

namespace dynsplit::testing {

using namespace dynsplit::server;  // NOLINT: all tests here are of it

// One for all tests: it is immutable. Its context is longer than any test reads or writes.
inline const std::shared_ptr<const Model>& SharedTinyModel() {
  static const auto& model = *new std::shared_ptr<const Model>([] {
    const TempFile file(TinyModel({.context_length = 1 << 20}).Build());
    auto loaded = Model::Load(file.path());
    EXPECT_TRUE(loaded.ok()) << loaded.status().ToString();
    return *loaded;
  }());
  return model;
}

inline std::unique_ptr<Engine> TinyEngine(const EngineOptions& options = {.threads = 1}) {
  auto engine = Engine::Create(SharedTinyModel(), options);
  EXPECT_TRUE(engine.ok()) << engine.status().ToString();
  return *std::move(engine);
}

// A greedy job of so many tokens, which does not end by itself.
inline Job MakeJob(std::vector<int32_t> prompt, int64_t max_tokens) {
  Job job{.prompt = std::move(prompt), .stream = std::make_shared<AnswerStream>()};
  job.options.max_tokens = max_tokens;
  job.options.ignore_end = true;
  return job;
}

inline std::vector<int32_t> Letters(size_t count, int32_t first = 'a') {
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < count; ++i) tokens.push_back(first + static_cast<int32_t>(i * 7 % 25));
  return tokens;
}

inline constexpr int64_t kContextTokens = 20000;  // of the server's engine

class ApiServerTest : public ::testing::Test {
 protected:
  // With a service unless `loaded` is false.
  void Start(ApiServerOptions options = {}, SchedulerOptions scheduler = {.max_answers = 4},
             bool loaded = true) {
    options.port = 0;
    options.num_threads = 16;
    auto server = ApiServer::Create(options);
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = *std::move(server);
    server_->Start();
    if (loaded) Load(scheduler);
  }

  void Load(const SchedulerOptions& scheduler) {
    auto engine = TinyEngine({.threads = 1, .context_tokens = kContextTokens});
    auto service = std::make_unique<Service>();
    service->model_name = "tiny";
    service->context_tokens = engine->context_tokens();
    service->model = SharedTinyModel();
    service->text_bound = TextBound(service->model->tokenizer());
    service->chat_template = ChatTemplate::Named("chatml");
    service->defaults = {.method = {},
                         .max_choices = scheduler.max_answers,
                         .vocab_size = service->model->description().vocab_size};
    if (!session_dir_.empty()) service->sessions.emplace(session_dir_);
    service->scheduler =
        std::make_unique<Scheduler>(std::move(engine), scheduler, server_->metrics());
    server_->SetService(std::move(service));
  }

  httplib::Client Client() const {
    httplib::Client client("127.0.0.1", server_->port());
    client.set_read_timeout(30);
    return client;
  }

  httplib::Result Post(const std::string& path, const std::string& body) const {
    return Client().Post(path, body, "application/json");
  }

  // The JSON of a good response.
  Json Ask(const std::string& path, const std::string& body) const {
    const httplib::Result result = Post(path, body);
    if (!result) {
      ADD_FAILURE() << "no response";
      return {};
    }
    EXPECT_EQ(result->status, 200) << result->body;
    return Json::parse(result->body);
  }

  // The error of a refusal, which must have OpenAI's shape.
  static Json ErrorOf(const httplib::Result& result, int status) {
    if (!result) {
      ADD_FAILURE() << "no response";
      return {};
    }
    EXPECT_EQ(result->status, status) << result->body;
    EXPECT_EQ(result->get_header_value("Content-Type"), "application/json");
    const Json json = Json::parse(result->body, nullptr, false);
    const Json error = json.is_object() ? json.value("error", Json()) : Json();
    EXPECT_TRUE(error.is_object() && error.contains("message") && error.contains("type") &&
                error.contains("param") && error.contains("code"))
        << result->body;
    return error;
  }

  // A figure of /metrics that has no labels.
  double Figure(const std::string& name) const {
    const std::string text = server_->metrics()->ToText();
    const size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

  std::string session_dir_;  // "": no sessions
  std::unique_ptr<ApiServer> server_;
};

}  // namespace dynsplit::testing
