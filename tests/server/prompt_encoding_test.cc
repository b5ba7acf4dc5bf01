#include "apps/server/prompt_encoding.h"

#include "server/server_fixture.h"

namespace dynsplit::testing {
namespace {

class PromptEncodingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    service_.model_name = "tiny";
    service_.model = SharedTinyModel();
    service_.chat_template = ChatTemplate::Named("chatml");
    service_.context_tokens = 10;
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
  EXPECT_FALSE(CheckPrompt(service_, Letters(9), "prompt"));
  EXPECT_EQ(CheckPrompt(service_, Letters(10), "messages")->code, "context_length_exceeded");
}

TEST_F(PromptEncodingTest, ThereIsOneModel) {
  EXPECT_FALSE(CheckModel(service_, ""));
  EXPECT_FALSE(CheckModel(service_, "tiny"));
  EXPECT_EQ(CheckModel(service_, "other")->http_status, 404);
}

}  // namespace
}  // namespace dynsplit::testing
