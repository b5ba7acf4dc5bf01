#include "model/chat_template_families.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>

namespace dynsplit {
namespace {

std::string NameOf(std::string_view jinja) {
  const auto family = RecogniseChatFamily(jinja);
  return family ? std::string(family->name) : "";
}

TEST(ChatFamilies, HaveDifferentNames) {
  std::set<std::string_view> names;
  for (const NamedFamily& family : ChatFamilies()) names.insert(family.name);
  EXPECT_EQ(names.size(), ChatFamilies().size());
}

// What shares the marks of a family and has other rules.
TEST(RecogniseChatFamily, LookalikesAreNotKnown) {
  const char* const lookalikes[] = {
      "{{ '[gMASK]<sop><|user|>' + content + '<|assistant|>' + eos_token }}",  // ChatGLM
      "{{ '<|START_OF_TURN_TOKEN|>' }}{{ '<|START_RESPONSE|>' }}",             // Command R7B
      "{{ '<|im_start|>' }}{{ content.split('</think>')[-1] | trim }}",        // Qwen 3.5
      "{% macro json_to_python_type(x) %}{{ '<|im_start|>' }}",                // Hermes 2 Pro
      "{{ '<|start_header_id|>' + role + '<|end_header_id|>' + c + '<|eot_id|>' }}",  // Functionary
      "{{ '<|user|>' + '[BEGIN FINAL RESPONSE]' + message['content'] + '<|end|>' + '<|assistant|>' "
      "}}",
      "{{ '<<SYS>>' }}{% elif true == true %}{{ content.strip() + ' [/INST]' }}",  // Vigogne
      "{{ '[SYSTEM_PROMPT]' + system + '[/SYSTEM_PROMPT][INST]' }}",  // Mistral Small 3
      "{{ '<｜User｜>' }}{{ '<｜Assistant｜>' }}{{ '<｜end▁of▁sentence｜>' }}"
      "{% set ns.last_user = true %}",  // DeepSeek V3.1
      "{% if user %}{{ '<|user|>' + content }}{% else %}{{ '<|assistant|>' + eos_token }}",  // OLMo
                                                                                             // 1
  };
  for (const char* jinja : lookalikes) EXPECT_EQ(NameOf(jinja), "") << jinja;
}

TEST(RecogniseChatFamily, MarksDecide) {
  EXPECT_EQ(NameOf("{{ '<|im_start|>' + role }}"), "chatml");
  EXPECT_EQ(NameOf("{{ '<|im_start|>' }}{{ content.split('</think>')[-1].lstrip('\\n') }}"),
            "qwen3");
  EXPECT_EQ(NameOf("{{ '<|start_of_role|>user<|end_of_role|>' + c + '<|end_of_text|>' }}"),
            "granite");
  EXPECT_EQ(NameOf("{{ '<|user|>' + message[\"content\"] + '<|end|>' }}{{ '<|assistant|>' }}"),
            "phi3");
  EXPECT_EQ(NameOf("{{ '[INST]' }}{{ '[AVAILABLE_TOOLS]' }}"), "mistral-nemo");
}

TEST(RecogniseChatFamily, DefaultSystemMessagesAreRead) {
  const auto coder = RecogniseChatFamily(
      "{{ 'You are an AI programming assistant\\n' }}'### Instruction:' '### Response:' <|EOT|>");
  ASSERT_TRUE(coder);
  EXPECT_EQ(std::get<TurnChat>(coder->family).default_system,
            "You are an AI programming assistant\n");
  const auto smollm3 = RecogniseChatFamily(
      "<|im_start|>## Metadata Reasoning Mode: ## Custom Instructions"
      "{{ \"You are a helpful AI assistant named SmolLM. Think.\" }}"
      "{{ \"You are a helpful AI assistant named SmolLM.\" }}");
  ASSERT_TRUE(smollm3);
  EXPECT_EQ(std::get<SmolLm3Chat>(smollm3->family).default_thinking,
            "You are a helpful AI assistant named SmolLM. Think.");
  EXPECT_EQ(std::get<SmolLm3Chat>(smollm3->family).default_plain,
            "You are a helpful AI assistant named SmolLM.");
}

}  // namespace
}  // namespace dynsplit
