#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dynsplit/chat.h"
#include "model/chat_template_families.h"
#include "model/chat_templates.h"

namespace dynsplit {
namespace {

using ::testing::HasSubstr;

TEST(ChatTemplate, RecognisesTheFamilies) {
  const struct {
    const char* jinja;
    const char* name;
  } cases[] = {
      {testing::kChatMl, "chatml"},    {testing::kSmolLm2, "chatml"},
      {testing::kQwen25, "chatml"},    {testing::kLlama2, "llama2"},
      {testing::kLlama3, "llama3"},    {testing::kLlama31, "llama3"},
      {testing::kMistral1, "mistral"}, {testing::kMixtral, "mistral"},
      {testing::kMistral2, "mistral"}, {testing::kMistral3, "mistral"},
      {testing::kGemma2, "gemma"},     {testing::kGemma3, "gemma"},
  };
  for (const auto& c : cases) {
    const Result<ChatTemplate> chat = ChatTemplate::Recognise(c.jinja);
    ASSERT_TRUE(chat.ok()) << c.jinja;
    EXPECT_EQ(chat->name(), c.name);
  }
}

TEST(ChatTemplate, UnknownTextsNameTheWaysOut) {
  const char* const unknown[] = {
      "",
      "{{ messages[0]['content'] }}",
      "<|im_start|>{{ message['role'] }}: {{ content }}<end_of_utterance>",  // SmolVLM
      "{{ '[SYSTEM_PROMPT]' + system + '[/SYSTEM_PROMPT][INST]' }}",         // Mistral v7
      "{{ '[INST]' + message['content'] + '[/INST]' }}",                     // Mistral Nemo
  };
  for (const char* jinja : unknown) {
    const Result<ChatTemplate> chat = ChatTemplate::Recognise(jinja);
    ASSERT_FALSE(chat.ok()) << jinja;
    EXPECT_EQ(chat.status().code(), StatusCode::kUnsupported);
    EXPECT_THAT(chat.status().message(), HasSubstr("--raw"));
    EXPECT_THAT(chat.status().message(), HasSubstr("--chat-template NAME|FILE"));
    EXPECT_THAT(chat.status().message(), HasSubstr(ChatTemplate::Names()));
  }
}

TEST(ChatTemplate, ByName) {
  for (const NamedFamily& family : ChatFamilies()) {
    const Result<ChatTemplate> chat = ChatTemplate::Named(family.name);
    ASSERT_TRUE(chat.ok()) << family.name;
    EXPECT_EQ(chat->name(), family.name);
    EXPECT_THAT(ChatTemplate::Names(), HasSubstr(std::string(family.name)));
  }
  const Result<ChatTemplate> none = ChatTemplate::Named("vicuna");
  EXPECT_EQ(none.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(none.status().message(), HasSubstr("'vicuna'"));
  EXPECT_THAT(none.status().message(), HasSubstr("mistral"));
}

TEST(ChatTemplate, DefaultSystemMessageIsReadFromTheText) {
  const auto render = [](const std::string& jinja) {
    return *ChatTemplate::Recognise(jinja)->Render(std::vector<ChatMessage>{{"user", "Hi"}}, false);
  };
  const std::string user = "<|im_start|>user\nHi<|im_end|>\n";
  EXPECT_EQ(render("{{ '<|im_start|>system\\nIt\\'s \"on\"\\nnow<|im_end|>\\n' }}"),
            "<|im_start|>system\nIt's \"on\"\nnow<|im_end|>\n" + user);
  EXPECT_EQ(render("{{ \"<|im_start|>system\nIt's<|im_end|>\n\" }}"),
            "<|im_start|>system\nIt's<|im_end|>\n" + user);
  // The literal ends before the content: a message's own text goes there.
  EXPECT_EQ(render("{{ '<|im_start|>system\\n' + system + '<|im_end|>\\n' }}"), user);
  EXPECT_EQ(render("<|im_start|>system\\n"), user);
}

TEST(ChatTemplate, RefusesEmptyChatsAndUnknownRoles) {
  const ChatTemplate chat = *ChatTemplate::Named("chatml");
  EXPECT_EQ(chat.Render({}, true).status().code(), StatusCode::kInvalidArgument);
  const std::vector<ChatMessage> tool = {{"tool", "{}"}};
  const Result<std::string> text = chat.Render(tool, true);
  EXPECT_EQ(text.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(text.status().message(), HasSubstr("'tool'"));
}

}  // namespace
}  // namespace dynsplit
