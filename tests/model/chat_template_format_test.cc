#include "model/chat_template_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/chat_templates.h"

namespace dynsplit {
namespace {

std::string Joined(const std::vector<PromptPart>& parts) {
  std::string text;
  for (const PromptPart& part : parts) text += part.text;
  return text;
}

constexpr std::string_view kRefused = "(refused)";

std::vector<ChatMessage> Plain() {
  return {{"user", " Hi\n"}, {"assistant", " Hello. "}, {"user", "Bye"}};
}

std::vector<ChatMessage> WithSystem() {
  std::vector<ChatMessage> messages = Plain();
  messages.insert(messages.begin(), {"system", "Be brief."});
  return messages;
}

struct Case {
  std::string_view jinja;
  std::vector<ChatMessage> messages;
  std::string_view want;
};

std::vector<Case> Cases() {
  return {
      // Made by jinja2 3.1.6.
      {testing::kChatMl, Plain(),
       "<|im_start|>user\n Hi\n<|im_end|>\n<|im_start|>assistant\n Hello. "
       "<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"},
      {testing::kChatMl, WithSystem(),
       "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n "
       "Hi\n<|im_end|>\n<|im_start|>assistant\n Hello. "
       "<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"},
      {testing::kSmolLm2, Plain(),
       "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
       "Face<|im_end|>\n<|im_start|>user\n Hi\n<|im_end|>\n<|im_start|>assistant\n Hello. "
       "<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"},
      {testing::kSmolLm2, WithSystem(),
       "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n "
       "Hi\n<|im_end|>\n<|im_start|>assistant\n Hello. "
       "<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"},
      {testing::kQwen25, Plain(),
       "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful "
       "assistant.<|im_end|>\n<|im_start|>user\n Hi\n<|im_end|>\n<|im_start|>assistant\n Hello. "
       "<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"},
      {testing::kQwen25, WithSystem(),
       "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n "
       "Hi\n<|im_end|>\n<|im_start|>assistant\n Hello. "
       "<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"},
      {testing::kLlama2, Plain(), "[INST] Hi [/INST] Hello. </s><s>[INST] Bye [/INST]"},
      {testing::kLlama2, WithSystem(),
       "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n Hi [/INST] Hello. </s><s>[INST] Bye [/INST]"},
      {testing::kLlama3, Plain(),
       "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_"
       "header_id|>\n\nHello.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|"
       "start_header_id|>assistant<|end_header_id|>\n\n"},
      {testing::kLlama3, WithSystem(),
       "<|start_header_id|>system<|end_header_id|>\n\nBe "
       "brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>"
       "assistant<|end_header_id|>\n\nHello.<|eot_id|><|start_header_id|>user<|end_header_id|>"
       "\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
      {testing::kLlama31, Plain(),
       "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday "
       "Date: 26 Jul "
       "2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_"
       "id|>assistant<|end_header_id|>\n\nHello.<|eot_id|><|start_header_id|>user<|end_header_id|>"
       "\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
      {testing::kLlama31, WithSystem(),
       "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday "
       "Date: 26 Jul 2024\n\nBe "
       "brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>"
       "assistant<|end_header_id|>\n\nHello.<|eot_id|><|start_header_id|>user<|end_header_id|>"
       "\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
      {testing::kMistral1, Plain(), "[INST]  Hi\n [/INST] Hello. </s> [INST] Bye [/INST]"},
      {testing::kMistral1, WithSystem(), kRefused},
      {testing::kMixtral, Plain(), "[INST]  Hi\n [/INST] Hello. </s>[INST] Bye [/INST]"},
      {testing::kMixtral, WithSystem(), kRefused},
      {testing::kMistral2, Plain(), " [INST]  Hi\n [/INST]  Hello. </s> [INST] Bye [/INST]"},
      {testing::kMistral2, WithSystem(),
       " [INST] Be brief.\n\n Hi\n [/INST]  Hello. </s> [INST] Bye [/INST]"},
      {testing::kMistral3, Plain(), "[INST]  Hi\n[/INST] Hello.</s>[INST] Bye[/INST]"},
      {testing::kMistral3, WithSystem(),
       "[INST]  Hi\n[/INST] Hello.</s>[INST] Be brief.\n\nBye[/INST]"},
      {testing::kGemma2, Plain(),
       "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello.<end_of_turn>\n<start_of_"
       "turn>user\nBye<end_of_turn>\n<start_of_turn>model\n"},
      {testing::kGemma2, WithSystem(), kRefused},
      {testing::kGemma3, Plain(),
       "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello.<end_of_turn>\n<start_of_"
       "turn>user\nBye<end_of_turn>\n<start_of_turn>model\n"},
      {testing::kGemma3, WithSystem(),
       "<start_of_turn>user\nBe "
       "brief.\n\nHi<end_of_turn>\n<start_of_turn>model\nHello.<end_of_turn>\n<start_of_turn>"
       "user\nBye<end_of_turn>\n<start_of_turn>model\n"},

  };
}

TEST(RenderChat, IsWhatJinjaGives) {
  for (const Case& c : Cases()) {
    const Result<ChatTemplate> chat = ChatTemplate::Recognise(c.jinja);
    ASSERT_TRUE(chat.ok()) << chat.status().ToString();
    const Result<std::string> text = chat->Render(c.messages, /*add_generation_prompt=*/true);
    if (c.want == kRefused) {
      EXPECT_EQ(text.status().code(), StatusCode::kInvalidArgument) << c.jinja;
    } else {
      ASSERT_TRUE(text.ok()) << text.status().ToString() << c.jinja;
      EXPECT_EQ(*text, c.want) << c.jinja;
    }
  }
}

TEST(RenderChat, GenerationPromptIsOptional) {
  const std::vector<ChatMessage> hi = {{"user", "Hi"}};
  const auto rendered = [&hi](const ChatFamily& family) {
    return Joined(*RenderChat(family, hi, false));
  };
  EXPECT_EQ(rendered(ChatMl{}), "<|im_start|>user\nHi<|im_end|>\n");
  EXPECT_EQ(rendered(Llama3Chat{}), "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>");
  EXPECT_EQ(rendered(GemmaChat{}), "<start_of_turn>user\nHi<end_of_turn>\n");
  EXPECT_EQ(rendered(MistralChat{}), "[INST] Hi[/INST]");
  EXPECT_EQ(rendered(Llama2Chat{}), "[INST] Hi [/INST]");
}

TEST(RenderChat, WhiteSpaceAroundWhatIsSaidIsTheTemplates) {
  const std::vector<ChatMessage> messages = {{"system", "Be brief."}, {"user", " \n Hi there\n"}};
  const auto parts = RenderChat(GemmaChat{}, messages, true);
  ASSERT_TRUE(parts.ok());
  std::vector<std::string> said;
  for (const PromptPart& part : *parts) {
    if (part.message_idx >= 0) said.push_back(std::to_string(part.message_idx) + part.text);
    EXPECT_NE(part.text, "");
  }
  EXPECT_EQ(said, (std::vector<std::string>{"0Be brief.", "1Hi there"}));
}

TEST(RenderChat, ATemplateThatTakesNoSystemMessageRefusesIt) {
  TurnChat family;
  family.takes_system = TurnChat::System::kRefused;
  const std::vector<ChatMessage> messages = {{"user", "Hi"}, {"system", "Be brief."}};
  EXPECT_EQ(RenderChat(family, messages, true).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(RenderChat(SmolLm3Chat{}, messages, true).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(RenderChat, TurnsMustAlternateWhereTheTemplateWantsIt) {
  const std::vector<std::vector<ChatMessage>> bad = {
      {{"assistant", "Hi"}},
      {{"user", "Hi"}, {"user", "there"}},
      {{"user", "Hi"}, {"system", "Be brief."}},
  };
  for (const auto& messages : bad) {
    for (const ChatFamily& family :
         {ChatFamily(Llama2Chat{}), ChatFamily(MistralChat{}), ChatFamily(GemmaChat{})}) {
      const auto text = RenderChat(family, messages, true);
      EXPECT_EQ(text.status().code(), StatusCode::kInvalidArgument);
      EXPECT_THAT(text.status().message(), ::testing::HasSubstr("by turns"));
    }
    EXPECT_TRUE(RenderChat(ChatMl{}, messages, true).ok());
    EXPECT_TRUE(RenderChat(Llama3Chat{}, messages, true).ok());
  }
}

TEST(StripWhitespace, AsPython) {
  EXPECT_EQ(StripWhitespace(" \t\r\n\v\f\x1C\x1F a b \u0085\u00A0\u3000\u2028"), "a b");
  EXPECT_EQ(StripWhitespace("\u200B\uFEFF"), "\u200B\uFEFF");  // no white space to Python
  EXPECT_EQ(StripWhitespace(" \n"), "");
  EXPECT_EQ(StripWhitespace(""), "");
}

}  // namespace
}  // namespace dynsplit
