#include "apps/server/api_server.h"

#include <chrono>
#include <thread>

#include "server/server_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const char* const kGreeting =
    R"({"messages":[{"role":"user","content":"Hello"}],"temperature":0,"ignore_eos":true,)";

// The JSON of a stream's events; [DONE] is checked and left out.
std::vector<Json> Events(const std::string& body) {
  std::vector<Json> events;
  size_t at = 0;
  bool done = false;
  while (at < body.size()) {
    const size_t end = body.find("\n\n", at);
    const std::string line = body.substr(at, end - at);
    EXPECT_THAT(line, StartsWith("data: "));
    EXPECT_FALSE(done) << "after [DONE]: " << line;
    done = line == "data: [DONE]";
    if (!done) events.push_back(Json::parse(line.substr(6)));
    if (end == std::string::npos) break;
    at = end + 2;
  }
  EXPECT_TRUE(done);
  return events;
}

TEST_F(ApiServerTest, Models) {
  Start();
  const auto list = Client().Get("/v1/models");
  ASSERT_TRUE(list);
  const Json json = Json::parse(list->body);
  EXPECT_EQ(json["object"], "list");
  EXPECT_EQ(json["data"][0]["id"], "tiny");
  EXPECT_EQ(Client().Get("/v1/models/tiny")->status, 200);
  EXPECT_EQ(ErrorOf(Client().Get("/v1/models/other"), 404)["code"], "model_not_found");
}

TEST_F(ApiServerTest, HealthWhileLoading) {
  Start({}, {}, /*loaded=*/false);
  EXPECT_EQ(ErrorOf(Client().Get("/health"), 503)["code"], "unavailable");
  EXPECT_EQ(ErrorOf(Post("/v1/completions", R"({"prompt":"x"})"), 503)["code"], "unavailable");
  Load({});
  EXPECT_EQ(Client().Get("/health")->body, R"({"status":"ok"})");
}

TEST_F(ApiServerTest, ChatWholeAndStreamedAreTheSame) {
  Start();
  const Json whole = Ask("/v1/chat/completions", std::string(kGreeting) + R"("max_tokens":12})");
  EXPECT_EQ(whole["object"], "chat.completion");
  EXPECT_EQ(whole["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(whole["usage"]["completion_tokens"], 12);
  const std::string want = whole["choices"][0]["message"]["content"];

  const auto streamed =
      Post("/v1/chat/completions", std::string(kGreeting) +
                                       R"("max_tokens":12,"stream":true,)"
                                       R"("stream_options":{"include_usage":true}})");
  ASSERT_TRUE(streamed);
  EXPECT_EQ(streamed->get_header_value("Content-Type"), "text/event-stream");
  const std::vector<Json> events = Events(streamed->body);
  ASSERT_GE(events.size(), 4u);
  EXPECT_EQ(events.front()["choices"][0]["delta"]["role"], "assistant");
  std::string text;
  for (size_t i = 1; i + 2 < events.size(); ++i) {
    text += events[i]["choices"][0]["delta"]["content"].get<std::string>();
  }
  EXPECT_EQ(text, want);
  EXPECT_EQ(events[events.size() - 2]["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(events.back()["usage"]["total_tokens"], whole["usage"]["total_tokens"]);
}

TEST_F(ApiServerTest, AStreamTellsWhatTheModelLookedAt) {
  Start();
  const auto streamed = Post(
      "/v1/completions",
      Json{{"prompt", std::string(300, 'a') + ". And so on."},
           {"max_tokens", 20},
           {"ignore_eos", true},
           {"stream", true},
           {"dynsplit", {{"method", "dynsplit+dense-layers=0"}, {"budget", 64}, {"choices", true}}}}
          .dump());
  ASSERT_TRUE(streamed);
  const std::vector<Json> events = Events(streamed->body);
  const auto prompt_tokens = events.front()["dynsplit"]["prompt_tokens"].get<int64_t>();
  EXPECT_THAT(events.front()["dynsplit"]["prompt"].get<std::string>(), HasSubstr("aaaa. And so"));
  EXPECT_EQ(events.front()["choices"], Json::array());
  int num_tokens = 0, num_layers = 0;
  int64_t read = 0, blocks = 0;
  for (const Json& event : events) {
    const Json told = event.value("dynsplit", Json::object());
    read = told.value("read", read);
    blocks += static_cast<int64_t>(told.value("blocks", Json::array()).size());
    for (const Json& token : told.value("tokens", Json::array())) {
      ++num_tokens;
      num_layers += static_cast<int>(token["layers"].size());
    }
  }
  EXPECT_EQ(read, prompt_tokens);
  EXPECT_GT(blocks, 20);
  EXPECT_EQ(num_tokens, 20);
  EXPECT_EQ(num_layers, 19 * 2);  // of the tiny model, for all tokens but the first
  EXPECT_LT(events.back()["dynsplit"]["stats"]["attended_tokens"].get<double>(), 160);
}

TEST_F(ApiServerTest, SeedsRepeatAndChoicesDiffer) {
  Start();
  const std::string body =
      R"({"prompt":"abc","n":2,"seed":3,"max_tokens":20,"ignore_eos":true,"temperature":1})";
  const Json first = Ask("/v1/completions", body);
  ASSERT_EQ(first["choices"].size(), 2u);
  EXPECT_NE(first["choices"][0]["text"], first["choices"][1]["text"]);
  EXPECT_EQ(first["usage"]["completion_tokens"], 40);
  EXPECT_EQ(Ask("/v1/completions", body)["choices"], first["choices"]);
}

// Whatever the model would rather write.
TEST_F(ApiServerTest, AnswersAreOfTheSchemaThatIsAskedFor) {
  Start();
  const std::string format = R"("response_format":{"type":"json_schema","json_schema":{"name":"x",
      "schema":{"type":"object","required":["name","kind","sizes"],"properties":{
          "name":{"type":"string","maxLength":5},"kind":{"enum":["a","b"]},
          "sizes":{"type":"array","items":{"type":"integer"},"maxItems":2}}}}})";
  for (const char* seed : {"1", "2", "3", "4"}) {
    const Json whole =
        Ask("/v1/chat/completions", R"({"messages":[{"role":"user","content":"Hello"}],"n":2,)"
                                    R"("max_tokens":1000,"ignore_eos":true,"logprobs":true,)" +
                                        format + ",\"seed\":" + seed + "}");
    for (const Json& choice : whole["choices"]) {
      EXPECT_EQ(choice["finish_reason"], "stop");
      const Json answer = Json::parse(choice["message"]["content"].get<std::string>());
      EXPECT_EQ(answer.size(), 3u);
      EXPECT_TRUE(answer["name"].is_string());
      EXPECT_TRUE(answer["kind"] == "a" || answer["kind"] == "b");
      EXPECT_LE(answer["sizes"].size(), 2u);
    }
  }
  // One that is cut off is the beginning of an object.
  const Json cut = Ask("/v1/completions", R"({"prompt":"x","max_tokens":3,)"
                                          R"("response_format":{"type":"json_object"}})");
  EXPECT_THAT(cut["choices"][0]["text"].get<std::string>(), StartsWith("{"));
}

TEST_F(ApiServerTest, StopTextEndsAnAnswer) {
  Start();
  const std::string body = R"({"prompt":"abc","max_tokens":40,"ignore_eos":true,"temperature":0)";
  const std::string text = Ask("/v1/completions", body + "}")["choices"][0]["text"];
  size_t at = text.size() / 2;  // an ASCII character, which JSON takes as it is
  while (at < text.size() && !std::isalnum(static_cast<unsigned char>(text[at]))) ++at;
  ASSERT_LT(at, text.size());
  const std::string stop = text.substr(at, 1);
  const Json stopped = Ask("/v1/completions", body + ",\"stop\":\"" + stop + "\"}")["choices"][0];
  EXPECT_EQ(stopped["text"], text.substr(0, text.find(stop)));
  EXPECT_EQ(stopped["finish_reason"], "stop");
}

TEST_F(ApiServerTest, EchoAndLogprobsOfSeveralPrompts) {
  Start();
  const Json whole =
      Ask("/v1/completions", R"({"prompt":["abc",[100,101]],"echo":true,"logprobs":1,)"
                             R"("max_tokens":2,"ignore_eos":true,"temperature":0})");
  ASSERT_EQ(whole["choices"].size(), 2u);
  EXPECT_EQ(whole["usage"]["prompt_tokens"], 5);
  const Json& first = whole["choices"][0];
  EXPECT_THAT(first["text"].get<std::string>(), StartsWith("abc"));
  ASSERT_EQ(first["logprobs"]["tokens"].size(), 5u);
  EXPECT_TRUE(first["logprobs"]["token_logprobs"][0].is_null());
  EXPECT_LT(first["logprobs"]["token_logprobs"][1].get<double>(), 0);
  EXPECT_THAT(whole["choices"][1]["text"].get<std::string>(), StartsWith("de"));
  // Scores of the prompt alone, as evaluations ask for them.
  const Json none =
      Ask("/v1/completions", R"({"prompt":"abc","echo":true,"logprobs":0,"max_tokens":0})");
  EXPECT_EQ(none["choices"][0]["text"], "abc");
  EXPECT_EQ(none["choices"][0]["logprobs"]["tokens"].size(), 3u);
}

TEST_F(ApiServerTest, ControlTokensAreParsedUnlessTheyAreNotToBe) {
  Start();
  const std::string name = "<|im_start|>";
  const Json tokens = Ask("/tokenize", R"({"content":")" + name + "a\"}")["tokens"];
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(Ask("/tokenize", R"({"content":")" + name + R"(a","parse_special":false})")["count"],
            name.size() + 1);
  const auto echo = [&](const std::string& fields) {
    return Ask("/v1/completions", R"({"echo":true,"logprobs":0,"max_tokens":0,"prompt":)" + fields +
                                      "}")["choices"][0];
  };
  const Json text = echo("\"" + name + "a\""), ids = echo(DumpJson(tokens));
  EXPECT_EQ(text, ids);
  EXPECT_EQ(text["text"], name + "a");
  EXPECT_EQ(text["logprobs"]["text_offset"], Json({0, name.size()}));
  EXPECT_EQ(echo("\"" + name + R"(a","parse_special":false)")["logprobs"]["tokens"].size(),
            name.size() + 1);
}

TEST_F(ApiServerTest, TooManyEchoedLogprobsAreRefused) {
  Start();
  const std::string text(17000, 'x');  // of so many tokens, four times
  const std::string body = R"({"prompt":")" + text + R"(","n":4,"echo":true,"max_tokens":0)";
  const Json error = ErrorOf(Post("/v1/completions", body + R"(,"logprobs":0})"), 400);
  EXPECT_EQ(error["param"], "logprobs");
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("68000"));
}

TEST_F(ApiServerTest, CachedTokensAreTold) {
  Start({}, {.max_answers = 2, .cache_bytes = 1 << 28});
  const std::string document(1500, 'x');
  const auto ask = [&](const std::string& question) {
    return Ask("/v1/completions",
               R"({"prompt":")" + document + question + R"(","max_tokens":2})")["usage"];
  };
  EXPECT_EQ(ask("first")["prompt_tokens_details"]["cached_tokens"], 0);
  EXPECT_EQ(ask("second")["prompt_tokens_details"]["cached_tokens"], 1500 - 32);
  EXPECT_EQ(ask("third")["prompt_tokens_details"]["cached_tokens"], 1500);
  EXPECT_EQ(Figure("dynsplit_cached_tokens_total"), 1500 - 32 + 1500);
}

TEST_F(ApiServerTest, TokensThereAndBack) {
  Start();
  const Json tokens = Ask("/tokenize", R"({"content":"hello"})");
  EXPECT_EQ(tokens["tokens"], Ask("/tokenize", R"({"prompt":"hello"})")["tokens"]);
  EXPECT_EQ(Ask("/detokenize", DumpJson(Json{{"tokens", tokens["tokens"]}}))["content"], "hello");
  EXPECT_EQ(ErrorOf(Post("/tokenize", "{}"), 400)["param"], "content");
  EXPECT_EQ(ErrorOf(Post("/tokenize", R"({"content":5})"), 400)["param"], "content");
  EXPECT_EQ(ErrorOf(Post("/tokenize", R"({"content":"a","prompt":{}})"), 400)["param"], "prompt");
  EXPECT_EQ(ErrorOf(Post("/detokenize", R"({"tokens":[-1]})"), 400)["param"], "tokens");
  EXPECT_EQ(ErrorOf(Post("/detokenize", "{}"), 400)["param"], "tokens");
  const std::string megabytes((1 << 20) + 1, 'x');
  EXPECT_EQ(ErrorOf(Post("/tokenize", R"({"prompt":")" + megabytes + "\"}"), 400)["param"],
            "prompt");
}

TEST_F(ApiServerTest, WhatThereIsToKnowOfTheTokenizer) {
  Start();
  const Json known = Json::parse(Client().Get("/tokenizer_info")->body);
  EXPECT_EQ(known["vocab_size"], SharedTinyModel()->tokenizer().size());
  EXPECT_TRUE(known["eos_token"].is_string());
  EXPECT_TRUE(known.contains("chat_template"));
}

TEST_F(ApiServerTest, PropsAndMetrics) {
  Start();
  const Json props = Json::parse(Client().Get("/props")->body);
  EXPECT_EQ(props["context_tokens"], kContextTokens);
  EXPECT_THAT(props["methods"].get<std::vector<std::string>>(), Contains("full"));
  for (const std::string name : props["methods"]) EXPECT_TRUE(ParseMethod(name).ok()) << name;
  Ask("/v1/completions", R"({"prompt":"abc","max_tokens":4,"ignore_eos":true})");
  EXPECT_EQ(Client().Get("/nothing")->status, 404);
  // A request is counted once its response is out: its client may be quicker.
  constexpr const char* kNotFound = "{route=\"other\",status=\"404\"} 1\n";
  std::string text;
  for (int i = 0; i < 1000 && text.find(kNotFound) == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    text = Client().Get("/metrics")->body;
  }
  EXPECT_THAT(text, HasSubstr("dynsplit_generation_tokens_total 4\n"));
  EXPECT_THAT(text, HasSubstr("dynsplit_prompt_tokens_total 3\n"));
  EXPECT_THAT(text, HasSubstr("{route=\"/v1/completions\",status=\"200\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(kNotFound));
  EXPECT_THAT(text, HasSubstr("dynsplit_inter_token_latency_seconds_count 3\n"));
  EXPECT_THAT(text, HasSubstr("dynsplit_kv_pages_read_total 0\n"));
  EXPECT_EQ(text.find("dynsplit_kv_bytes_resident 0\n"), std::string::npos);
}

TEST_F(ApiServerTest, WhatIsWrongIsNamed) {
  Start();
  EXPECT_EQ(ErrorOf(Client().Get("/v2"), 404)["code"], "unknown_url");
  const auto other_method = Client().Get("/v1/completions");
  EXPECT_EQ(ErrorOf(other_method, 405)["code"], "method_not_allowed");
  EXPECT_EQ(other_method->get_header_value("Allow"), "POST");
  EXPECT_EQ(ErrorOf(Client().Put("/health", "", "text/plain"), 405)["code"], "method_not_allowed");
  httplib::Request unknown_method;
  unknown_method.method = "QUERY";
  unknown_method.path = "/v1/completions?a=b";
  const auto refused = Client().send(unknown_method);
  EXPECT_EQ(ErrorOf(refused, 405)["code"], "method_not_allowed");
  EXPECT_EQ(refused->get_header_value("Allow"), "POST");
  ErrorOf(Post("/v1/completions", "{\"prompt\":"), 400);
  ErrorOf(Post("/v1/completions", ""), 400);
  ErrorOf(Post("/v1/chat/completions", std::string(100000, '[')), 400);
  EXPECT_EQ(ErrorOf(Post("/v1/completions", R"({"prompt":""})"), 400)["param"], "prompt");
  EXPECT_EQ(ErrorOf(Post("/v1/completions", R"({"prompt":[]})"), 400)["param"], "prompt");
  EXPECT_EQ(ErrorOf(Post("/v1/chat/completions", R"({"messages":[]})"), 400)["param"], "messages");
  EXPECT_EQ(ErrorOf(Post("/v1/completions", R"({"prompt":"a","temperature":-1})"), 400)["param"],
            "temperature");
  const Json unknown = ErrorOf(Post("/v1/completions", R"({"prompt":"a","model":"gpt-5"})"), 404);
  EXPECT_EQ(unknown["param"], "model");
  EXPECT_EQ(unknown["code"], "model_not_found");
  // Of the engine's thread: it comes with its status, also where a stream was asked for.
  for (const char* stream : {"false", "true"}) {
    ErrorOf(
        Post("/v1/completions",
             std::string(R"({"prompt":"a","dynsplit":{"method":"dynsplit+dense-heads=99.0"},)") +
                 "\"stream\":" + stream + "}"),
        400);
  }
}

// As curl -d sends it.
TEST_F(ApiServerTest, ABodyIsJsonWhateverItIsCalled) {
  Start();
  const std::string body = R"({"prompt":"x",)" + std::string(9000, ' ') + R"("max_tokens":1})";
  for (const char* type :
       {"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"}) {
    const auto result = Client().Post("/v1/completions", body, type);
    ASSERT_TRUE(result) << type;
    EXPECT_EQ(result->status, 200) << type << result->body;
  }
}

TEST_F(ApiServerTest, TooLongAPromptIsRefused) {
  Start();
  const std::string text(static_cast<size_t>(kContextTokens), 'x');
  const Json error = ErrorOf(Post("/v1/completions", R"({"prompt":")" + text + R"("})"), 400);
  EXPECT_EQ(error["code"], "context_length_exceeded");
  EXPECT_EQ(error["param"], "prompt");
  const Json chat = ErrorOf(
      Post("/v1/chat/completions", R"({"messages":[{"role":"user","content":")" + text + R"("}]})"),
      400);
  EXPECT_EQ(chat["code"], "context_length_exceeded");
}

TEST_F(ApiServerTest, KeysAreWanted) {
  Start({.api_keys = {"right"}}, {.max_answers = 2, .cache_bytes = 1 << 28});
  const std::string body = R"({"prompt":"a","max_tokens":1})";
  EXPECT_EQ(ErrorOf(Post("/v1/completions", body), 401)["code"], "invalid_api_key");
  httplib::Client client = Client();
  client.set_default_headers({{"Authorization", "Bearer wrong"}});
  EXPECT_EQ(ErrorOf(client.Post("/v1/completions", body, "application/json"), 401)["code"],
            "invalid_api_key");
  EXPECT_EQ(client.Get("/metrics")->status, 401);
  EXPECT_EQ(client.Get("/health")->status, 200);
  client.set_default_headers({{"Authorization", "Bearer right"}});
  EXPECT_EQ(client.Post("/v1/completions", body, "application/json")->status, 200);
}

TEST_F(ApiServerTest, CorsIsOffUnlessAskedFor) {
  Start();
  EXPECT_FALSE(Client().Get("/health")->has_header("Access-Control-Allow-Origin"));
  EXPECT_EQ(Client().Options("/v1/completions")->status, 405);
  Start({.api_keys = {"k"}, .cors_origin = "https://a.example"});
  const auto preflight = Client().Options("/v1/completions");
  EXPECT_EQ(preflight->status, 204);
  EXPECT_EQ(preflight->get_header_value("Access-Control-Allow-Origin"), "https://a.example");
}

TEST_F(ApiServerTest, AFullQueueSaysWhenToComeBack) {
  Start({}, {.max_answers = 1, .max_queued = 1});
  std::vector<std::thread> clients;
  const std::string endless =
      R"({"prompt":"a","max_tokens":15000,"ignore_eos":true,"stream":true})";
  std::atomic<bool> enough = false;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] {
      httplib::Request request;
      request.method = "POST";
      request.path = "/v1/completions";
      request.body = endless;
      request.content_receiver = [&](const char*, size_t, uint64_t, uint64_t) {
        return !enough.load();
      };
      Client().send(request);
    });
    const char* const place =
        i == 0 ? "dynsplit_num_requests_running" : "dynsplit_num_requests_waiting";
    while (Figure(place) < 1) std::this_thread::yield();
  }
  const auto refused = Post("/v1/completions", R"({"prompt":"a"})");
  EXPECT_EQ(ErrorOf(refused, 429)["type"], "rate_limit_error");
  EXPECT_EQ(refused->get_header_value("Retry-After"), "1");
  enough = true;
  for (std::thread& client : clients) client.join();
}

TEST_F(ApiServerTest, MorePromptsThanMayWaitAreNoMatterOfTime) {
  Start({}, {.max_answers = 4, .max_queued = 2});
  const Json error = ErrorOf(Post("/v1/completions", R"({"prompt":["a","b","c"]})"), 400);
  EXPECT_EQ(error["param"], "prompt");
  Ask("/v1/completions", R"({"prompt":["a","b"],"max_tokens":1})");
}

TEST_F(ApiServerTest, WhatHttplibRefusesIsWholeJson) {
  Start();
  const auto ranges = Client().Get("/v1/models", {{"Range", "bytes=0-0,5-1"}});
  EXPECT_THAT(ErrorOf(ranges, 416)["message"].get<std::string>(), HasSubstr("Range"));
  ErrorOf(Client().Get("/v1/models/" + std::string(9000, 'x')), 414);
}

TEST_F(ApiServerTest, PagesOfElsewhereAreRefused) {
  const auto post = [&](const httplib::Headers& headers) {
    return Client().Post("/v1/completions", headers, R"({"prompt":"a","max_tokens":1})",
                         "text/plain");
  };
  Start();
  const std::string port = ":" + std::to_string(server_->port());
  EXPECT_EQ(ErrorOf(post({{"Origin", "https://a.example"}}), 403)["code"], "origin_not_allowed");
  EXPECT_EQ(ErrorOf(post({{"Origin", "null"}}), 403)["code"], "origin_not_allowed");
  EXPECT_EQ(post({{"Origin", "http://127.0.0.1" + port}})->status, 200);
  EXPECT_EQ(ErrorOf(post({{"Host", "a.example"}, {"Origin", "http://a.example"}}), 403)["code"],
            "host_not_allowed");
  EXPECT_EQ(Client().Get("/", {{"Host", "a.example"}})->status, 403);
  EXPECT_EQ(post({{"Host", "localhost" + port}})->status, 200);
  Start({.cors_origin = "https://a.example"});
  EXPECT_EQ(post({{"Origin", "https://a.example"}})->status, 200);
  EXPECT_EQ(post({{"Origin", "https://b.example"}})->status, 403);
  // Behind a proxy, which passes on what the client asked for.
  Start({.api_keys = {"k"}});
  EXPECT_EQ(
      post({{"Host", "a.example"}, {"Origin", "https://a.example"}, {"Authorization", "Bearer k"}})
          ->status,
      200);
}

TEST_F(ApiServerTest, SeveralClientsAtOnce) {
  Start();
  const std::string body = R"({"prompt":"abc","max_tokens":20,"ignore_eos":true,"temperature":0})";
  const Json want = Ask("/v1/completions", body)["choices"];
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] { EXPECT_EQ(Ask("/v1/completions", body)["choices"], want); });
  }
  for (std::thread& client : clients) client.join();
}

TEST_F(ApiServerTest, StoppingEndsAStreamWithAnError) {
  Start();
  std::thread stopper([&] {
    while (Figure("dynsplit_generation_tokens_total") < 5) std::this_thread::yield();
    server_->Stop(std::chrono::milliseconds(20));
  });
  const auto result = Post("/v1/completions",
                           R"({"prompt":"a","max_tokens":15000,"ignore_eos":true,"stream":true})");
  stopper.join();
  ASSERT_TRUE(result);
  EXPECT_THAT(result->body, HasSubstr("shutting down"));
  EXPECT_FALSE(Client().Get("/health"));
  EXPECT_TRUE(server_->ended());
}

TEST(ApiServerAddressTest, AnAddressThatCannotBeHad) {
  auto first = ApiServer::Create({.port = 0});
  ASSERT_TRUE(first.ok());
  const auto second = ApiServer::Create({.host = "256.1.1.1", .port = 1});
  EXPECT_EQ(second.status().code(), StatusCode::kIoError);
}

}  // namespace
}  // namespace dynsplit::testing
