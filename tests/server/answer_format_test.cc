#include "apps/server/answer_format.h"

#include "server/server_fixture.h"

namespace dynsplit::testing {
namespace {

class AnswerFormatTest : public ::testing::Test {
 protected:
  static AnswerFormat::Header Header(bool logprobs) {
    return {.id = "id-1", .created = 7, .model = "tiny", .logprobs = logprobs};
  }
  static std::vector<TokenScore> Scores() {
    return {{.token = 'h', .logprob = -0.5, .top = {{'h', -0.5}, {'i', -1.5}}},
            {.token = 'i', .logprob = -std::numeric_limits<double>::infinity(), .top = {}}};
  }

  const Tokenizer& tokenizer_ = SharedTinyModel()->tokenizer();
};

TEST_F(AnswerFormatTest, ChatChunks) {
  const auto format = MakeChatFormat(Header(true), tokenizer_);
  EXPECT_EQ(DumpJson(format->Opening(1)),
            R"({"id":"id-1","object":"chat.completion.chunk","created":7,"model":"tiny",)"
            R"("choices":[{"index":1,"delta":{"role":"assistant","content":""},)"
            R"("logprobs":null,"finish_reason":null}]})");
  const Json delta = format->Delta(0, "hi", Scores());
  EXPECT_EQ(delta["choices"][0]["delta"]["content"], "hi");
  EXPECT_EQ(DumpJson(delta["choices"][0]["logprobs"]["content"][0]),
            R"({"token":"h","logprob":-0.5,"bytes":[104],"top_logprobs":[)"
            R"({"token":"h","logprob":-0.5,"bytes":[104]},)"
            R"({"token":"i","logprob":-1.5,"bytes":[105]}]})");
  EXPECT_EQ(delta["choices"][0]["logprobs"]["content"][1]["logprob"], -9999);
  EXPECT_EQ(format->Closing(0, StopReason::kEnd)["choices"][0]["finish_reason"], "stop");
  const Json usage =
      format->UsageChunk({.prompt_tokens = 5, .cached_tokens = 3, .completion_tokens = 2});
  EXPECT_EQ(usage["choices"], Json::array());
  EXPECT_EQ(DumpJson(usage["usage"]),
            R"({"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,)"
            R"("prompt_tokens_details":{"cached_tokens":3}})");
}

TEST_F(AnswerFormatTest, UsageIsNullUntilItIsTold) {
  AnswerFormat::Header header = Header(false);
  header.usage_follows = true;
  const auto format = MakeChatFormat(header, tokenizer_);
  const Json delta = format->Delta(0, "hi", {});
  ASSERT_TRUE(delta.contains("usage"));
  EXPECT_TRUE(delta["usage"].is_null());
  EXPECT_EQ(format->UsageChunk({.prompt_tokens = 5})["usage"]["prompt_tokens"], 5);
  EXPECT_FALSE(MakeChatFormat(Header(false), tokenizer_)->Delta(0, "hi", {}).contains("usage"));
}

TEST_F(AnswerFormatTest, PartsOfCharactersAreNamedByTheirBytes) {
  const std::vector<TokenScore> scores = {
      {.token = 0xe6, .logprob = -1, .top = {{0xe6, -1}, {0xe7, -2}}}};
  const Json delta = MakeTextFormat(Header(true), tokenizer_)->Delta(0, "", scores);
  const Json& logprobs = delta["choices"][0]["logprobs"];
  EXPECT_EQ(logprobs["tokens"], Json({"bytes:\\xe6"}));
  EXPECT_EQ(logprobs["top_logprobs"][0].size(), 2u);
}

TEST_F(AnswerFormatTest, OffsetsCountWhatIsInTheText) {
  std::vector<TokenScore> scores = Scores();
  scores[0].in_text = false;
  const Json delta = MakeTextFormat(Header(true), tokenizer_)->Delta(0, "i", scores);
  EXPECT_EQ(delta["choices"][0]["logprobs"]["text_offset"], Json({0, 0}));
}

TEST_F(AnswerFormatTest, WholeChat) {
  const Json whole = MakeChatFormat(Header(false), tokenizer_)
                         ->Whole({{.text = "a", .stop_reason = StopReason::kStopText},
                                  {.text = "b", .stop_reason = StopReason::kContext}},
                                 {});
  EXPECT_EQ(whole["object"], "chat.completion");
  EXPECT_EQ(whole["choices"][0]["message"]["content"], "a");
  EXPECT_EQ(whole["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(whole["choices"][1]["index"], 1);
  EXPECT_EQ(whole["choices"][1]["finish_reason"], "length");
  EXPECT_TRUE(whole["choices"][1]["logprobs"].is_null());
}

TEST_F(AnswerFormatTest, TextLogprobsGoOnThroughAStream) {
  const auto format = MakeTextFormat(Header(true), tokenizer_);
  EXPECT_TRUE(format->Opening(0).empty());
  const Json first = format->Delta(0, "hi", Scores());
  EXPECT_EQ(first["object"], "text_completion");
  EXPECT_EQ(DumpJson(first["choices"][0]["logprobs"]),
            R"({"tokens":["h","i"],"token_logprobs":[-0.5,-9999.0],)"
            R"("top_logprobs":[{"h":-0.5,"i":-1.5},{"i":-9999.0}],"text_offset":[0,1]})");
  EXPECT_EQ(format->Delta(0, "hi", Scores())["choices"][0]["logprobs"]["text_offset"],
            Json({2, 3}));
  EXPECT_EQ(format->Delta(1, "hi", Scores())["choices"][0]["logprobs"]["text_offset"],
            Json({0, 1}));
}

}  // namespace
}  // namespace dynsplit::testing
