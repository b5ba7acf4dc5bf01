#include "apps/server/prompt_encoding.h"

#include "server/server_fixture.h"

namespace dynsplit::testing {
namespace {

class PromptEncodingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    service_.model_name = "tiny";
    service_.model = SharedTinyModel();
    service_.text_bound = TextBound(service_.model->tokenizer());
    service_.chat_template = ChatTemplate::Named("chatml");
    service_.context_tokens = 100;
  }
  Service service_;
};

TEST_F(PromptEncodingTest, TextsAndTokens) {
  std::vector<int32_t> from_text, from_tokens;
  EXPECT_FALSE(EncodePrompt(service_, std::string("hello"), true, &from_text));
  EXPECT_FALSE(from_text.empty());
  EXPECT_FALSE(EncodePrompt(service_, from_text, true, &from_tokens));
  EXPECT_EQ(from_text, from_tokens);
}

TEST_F(PromptEncodingTest, MessagesNeedATemplate) {
  const std::vector<ChatMessage> messages = {{"user", "Hello"}};
  std::vector<int32_t> tokens;
  EXPECT_FALSE(EncodeMessages(service_, messages, &tokens));
  EXPECT_GT(tokens.size(), 5u);
  service_.chat_template = Unsupported("no chat template");
  const auto error = EncodeMessages(service_, messages, &tokens);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->param, "messages");
}

TEST_F(PromptEncodingTest, PromptsLeaveRoomForAnAnswer) {
  EXPECT_EQ(CheckPrompt(service_, {}, "prompt")->param, "prompt");
  EXPECT_FALSE(CheckPrompt(service_, Letters(99), "prompt"));
  EXPECT_EQ(CheckPrompt(service_, Letters(100), "messages")->code, "context_length_exceeded");
  std::vector<int32_t> tokens;
  EXPECT_EQ(EncodePrompt(service_, Letters(100), true, &tokens)->code, "context_length_exceeded");
  EXPECT_EQ(EncodePrompt(service_, std::string(), true, &tokens)->param, "prompt");
}

// Its tokens are never counted: that would take seconds.
TEST_F(PromptEncodingTest, ATextThatCannotFitIsNotEncoded) {
  const std::string text(10 << 20, 'x');
  std::vector<int32_t> tokens;
  const auto prompt = EncodePrompt(service_, text, true, &tokens);
  ASSERT_TRUE(prompt);
  EXPECT_EQ(prompt->code, "context_length_exceeded");
  EXPECT_EQ(prompt->param, "prompt");
  const std::vector<ChatMessage> messages = {{"user", text}};
  const auto chat = EncodeMessages(service_, messages, &tokens);
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->code, "context_length_exceeded");
  EXPECT_EQ(chat->param, "messages");
  EXPECT_TRUE(tokens.empty());
}

TEST_F(PromptEncodingTest, ThereIsOneModel) {
  EXPECT_FALSE(CheckModel(service_, ""));
  EXPECT_FALSE(CheckModel(service_, "tiny"));
  EXPECT_EQ(CheckModel(service_, "other")->http_status, 404);
}

}  // namespace
}  // namespace dynsplit::testing
