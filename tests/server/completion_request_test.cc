#include "apps/server/completion_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dynsplit::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const RequestDefaults kDefaults = {.method = {}, .max_choices = 4, .vocab_size = 300};

ChatRequest GoodChat(const std::string& fields) {
  ChatRequest request;
  const auto error = ParseChatRequest(
      R"({"messages":[{"role":"user","content":"Hi"}])" + fields + "}", kDefaults, &request);
  EXPECT_FALSE(error) << error->message;
  return request;
}

CompletionRequest GoodCompletion(const std::string& body) {
  CompletionRequest request;
  const auto error = ParseCompletionRequest(body, kDefaults, &request);
  EXPECT_FALSE(error) << error->message;
  return request;
}

TEST(ParseChatRequest, DefaultsAreOpenAIs) {
  const AnswerRequest answer = GoodChat("").answer;
  EXPECT_FALSE(answer.stream);
  EXPECT_FALSE(answer.max_tokens);
  EXPECT_FALSE(answer.top_logprobs);
  EXPECT_EQ(answer.num_choices, 1);
  EXPECT_EQ(answer.sampler.temperature, 1);
  EXPECT_EQ(answer.sampler.top_p, 1);
  EXPECT_NE(answer.sampler.seed, GoodChat("").answer.sampler.seed);  // drawn
}

TEST(ParseChatRequest, TakesEveryField) {
  const ChatRequest request = GoodChat(
      R"(,"model":"m","stream":true,"stream_options":{"include_usage":true},"n":3,"seed":-7,)"
      R"("temperature":0.5,"top_p":0.25,"top_k":9,"min_p":0.125,"repetition_penalty":1.5,)"
      R"("max_completion_tokens":12,"stop":["a","b"],"logprobs":true,"top_logprobs":2,)"
      R"("dynsplit":{"method":"fixed+block=8","budget":"5%"},"what":"ever","logit_bias":null)");
  const AnswerRequest& answer = request.answer;
  EXPECT_EQ(answer.model, "m");
  EXPECT_TRUE(answer.stream && answer.include_usage);
  EXPECT_EQ(answer.num_choices, 3);
  EXPECT_EQ(answer.sampler.seed, static_cast<uint64_t>(-7));
  EXPECT_EQ(answer.sampler.temperature, 0.5f);
  EXPECT_EQ(answer.sampler.top_p, 0.25f);
  EXPECT_EQ(answer.sampler.top_k, 9);
  EXPECT_EQ(answer.sampler.min_p, 0.125f);
  EXPECT_EQ(answer.sampler.repetition_penalty, 1.5f);
  EXPECT_EQ(answer.max_tokens, 12);
  EXPECT_THAT(answer.stop, ElementsAre("a", "b"));
  EXPECT_EQ(answer.top_logprobs, 2);
  EXPECT_EQ(answer.method.split.block_tokens, 8);
  EXPECT_EQ(answer.method.budget.percent, 5);
}

TEST(ParseChatRequest, TopPOfZeroIsTheLikeliestAlone) {
  const SamplerOptions sampler = GoodChat(R"(,"top_p":0)").answer.sampler;
  EXPECT_EQ(sampler.top_k, 1);
  EXPECT_TRUE(ValidateSampler(sampler).ok());
}

TEST(ParseChatRequest, ContentMayBeParts) {
  ChatRequest request;
  ASSERT_FALSE(ParseChatRequest(
      R"({"messages":[{"role":"developer","content":"S"},{"role":"user","content":[)"
      R"({"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"assistant","content":null}]})",
      kDefaults, &request));
  ASSERT_EQ(request.messages.size(), 3u);
  EXPECT_EQ(request.messages[0].role, "system");
  EXPECT_EQ(request.messages[1].content, "ab");
  EXPECT_EQ(request.messages[2].content, "");
}

TEST(ParseCompletionRequest, PromptsOfAllKinds) {
  EXPECT_EQ(GoodCompletion(R"({"prompt":"x"})").answer.max_tokens, 16);
  EXPECT_THAT(GoodCompletion(R"({"prompt":"x"})").prompts, ElementsAre(PromptInput("x")));
  EXPECT_THAT(GoodCompletion(R"({"prompt":["x","y"]})").prompts,
              ElementsAre(PromptInput("x"), PromptInput("y")));
  EXPECT_THAT(GoodCompletion(R"({"prompt":[1,2]})").prompts,
              ElementsAre(PromptInput(std::vector<int32_t>{1, 2})));
  EXPECT_THAT(
      GoodCompletion(R"({"prompt":[[1],[2,3]]})").prompts,
      ElementsAre(PromptInput(std::vector<int32_t>{1}), PromptInput(std::vector<int32_t>{2, 3})));
  const CompletionRequest all =
      GoodCompletion(R"({"prompt":"x","echo":true,"logprobs":0,"max_tokens":0})");
  EXPECT_TRUE(all.echo);
  EXPECT_EQ(all.answer.top_logprobs, 0);
  EXPECT_EQ(all.answer.max_tokens, 0);
}

TEST(ParseChatRequest, StopsAreNotLong) {
  const auto body = [](size_t bytes) {
    return R"({"messages":[{"role":"user","content":"Hi"}],"stop":["a",")" +
           std::string(bytes, 'x') + "\"]}";
  };
  ChatRequest request;
  EXPECT_FALSE(ParseChatRequest(body(1024), kDefaults, &request));
  const auto error = ParseChatRequest(body(1025), kDefaults, &request);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->param, "stop");
  EXPECT_THAT(error->message, HasSubstr("1025 bytes"));
}

struct BadField {
  const char* field;  // `"key": value` of a request that is good without it
  const char* param;  // what the error names
};

class BadFieldTest : public ::testing::TestWithParam<BadField> {};

TEST_P(BadFieldTest, IsRefusedByName) {
  ChatRequest chat;
  auto error = ParseChatRequest(
      std::string(R"({"messages":[{"role":"user","content":"Hi"}],)") + GetParam().field + "}",
      kDefaults, &chat);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->http_status, 400);
  EXPECT_EQ(error->param, GetParam().param);
  EXPECT_THAT(error->message, HasSubstr(GetParam().param));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadFieldTest,
    ::testing::Values(
        BadField{R"("temperature":-1)", "temperature"},
        BadField{R"("temperature":"1")", "temperature"},
        BadField{R"("temperature":2.5)", "temperature"},
        BadField{R"("temperature":1e308)", "temperature"}, BadField{R"("top_p":1.5)", "top_p"},
        BadField{R"("top_p":-0.1)", "top_p"}, BadField{R"("top_k":1.5)", "top_k"},
        BadField{R"("top_k":-2)", "top_k"}, BadField{R"("top_k":99999999999999999999)", "top_k"},
        BadField{R"("min_p":2)", "min_p"},
        BadField{R"("repetition_penalty":0)", "repetition_penalty"},
        BadField{R"("seed":18446744073709551615)", "seed"}, BadField{R"("seed":0.5)", "seed"},
        BadField{R"("n":0)", "n"}, BadField{R"("n":5)", "n"}, BadField{R"("n":true)", "n"},
        BadField{R"("max_tokens":0)", "max_tokens"}, BadField{R"("max_tokens":-5)", "max_tokens"},
        BadField{R"("max_tokens":9223372036854775807)", "max_tokens"},
        BadField{R"("max_completion_tokens":"9")", "max_completion_tokens"},
        BadField{R"("stream":1)", "stream"},
        BadField{R"("stream":true,"stream_options":[])", "stream_options"},
        BadField{R"("stream":true,"stream_options":{"include_usage":"yes"})",
                 "stream_options.include_usage"},
        BadField{R"("stream_options":{"include_usage":true})", "stream_options"},
        BadField{R"("dynsplit":{"metod":"full"})", "dynsplit.metod"},
        BadField{R"("stop":5)", "stop"}, BadField{R"("stop":[""])", "stop"},
        BadField{R"("stop":["a",5])", "stop"}, BadField{R"("model":7)", "model"},
        BadField{R"("logprobs":2)", "logprobs"}, BadField{R"("top_logprobs":2)", "top_logprobs"},
        BadField{R"("logprobs":true,"top_logprobs":21)", "top_logprobs"},
        BadField{R"("presence_penalty":0.5)", "presence_penalty"},
        BadField{R"("logit_bias":{"5":1})", "logit_bias"}, BadField{R"("tools":[{}])", "tools"},
        BadField{R"("tool_choice":"required")", "tool_choice"},
        BadField{R"("response_format":"json")", "response_format"},
        BadField{R"("response_format":{})", "response_format.type"},
        BadField{R"("response_format":{"type":"xml"})", "response_format.type"},
        BadField{R"("response_format":{"type":"json_schema"})",
                 "response_format.json_schema.schema"},
        BadField{R"("response_format":{"type":"json_schema","json_schema":{"name":"x"}})",
                 "response_format.json_schema.schema"},
        BadField{R"("response_format":{"type":"json_schema","json_schema":{"schema":)"
                 R"({"properties":{"a":{"pattern":"x"}}}}})",
                 "response_format.json_schema.schema.properties.a.pattern"},
        BadField{R"("dynsplit":5)", "dynsplit"},
        BadField{R"("dynsplit":{"method":"nothing"})", "dynsplit.method"},
        BadField{R"("dynsplit":{"choices":1})", "dynsplit.choices"},
        BadField{R"("dynsplit":{"choices":true})", "dynsplit.choices"},  // no stream
        BadField{R"("dynsplit":{"progress":true},"stream":true,"n":2)", "dynsplit.progress"},
        BadField{R"("dynsplit":{"budget":-3})", "dynsplit.budget"},
        BadField{R"("dynsplit":{"budget":"200%"})", "dynsplit.budget"}));

struct BadBody {
  const char* body;
  const char* param;
};

class BadMessagesTest : public ::testing::TestWithParam<BadBody> {};

TEST_P(BadMessagesTest, AreRefusedByName) {
  ChatRequest request;
  const auto error = ParseChatRequest(GetParam().body, kDefaults, &request);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->param, GetParam().param);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadMessagesTest,
    ::testing::Values(
        BadBody{"{}", "messages"}, BadBody{R"({"messages":[]})", "messages"},
        BadBody{R"({"messages":"Hi"})", "messages"}, BadBody{R"({"messages":[5]})", "messages[0]"},
        BadBody{R"({"messages":[{"content":"Hi"}]})", "messages[0].role"},
        BadBody{R"({"messages":[{"role":"tool","content":"Hi"}]})", "messages[0].role"},
        BadBody{R"({"messages":[{"role":5,"content":"Hi"}]})", "messages[0].role"},
        BadBody{R"({"messages":[{"role":"user","content":5}]})", "messages[0].content"},
        BadBody{R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})",
                "messages[0].content[0]"}));

class BadPromptTest : public ::testing::TestWithParam<BadBody> {};

TEST_P(BadPromptTest, IsRefusedByName) {
  CompletionRequest request;
  const auto error = ParseCompletionRequest(GetParam().body, kDefaults, &request);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->param, GetParam().param);
}

INSTANTIATE_TEST_SUITE_P(All, BadPromptTest,
                         ::testing::Values(BadBody{"{}", "prompt"},
                                           BadBody{R"({"prompt":5})", "prompt"},
                                           BadBody{R"({"prompt":[]})", "prompt"},
                                           BadBody{R"({"prompt":{}})", "prompt"},
                                           BadBody{R"({"prompt":[1,-1]})", "prompt"},
                                           BadBody{R"({"prompt":[1,300]})", "prompt"},
                                           BadBody{R"({"prompt":[1,2.5]})", "prompt"},
                                           BadBody{R"({"prompt":[[1],["a"]]})", "prompt[1]"},
                                           BadBody{R"({"prompt":["a",[-1]]})", "prompt[1]"},
                                           BadBody{R"({"prompt":"a","echo":1})", "echo"},
                                           BadBody{R"({"prompt":"a","logprobs":true})", "logprobs"},
                                           BadBody{R"({"prompt":"a","best_of":2})", "best_of"}));

}  // namespace
}  // namespace dynsplit::server
