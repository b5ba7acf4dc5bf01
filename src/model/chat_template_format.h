// The five families of chat templates: what varies within each, and their rendering.
// All functions: any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "dynsplit/chat.h"

namespace dynsplit {

// <|im_start|>role\ncontent<|im_end|>\n
struct ChatMl {
  std::string default_system;  // put first where the messages do not start with one; "": none
};

// [INST] <<SYS>>...<</SYS>> content [/INST] answer </s>
struct Llama2Chat {};

// <|start_header_id|>role<|end_header_id|>\n\ncontent<|eot_id|>
struct Llama3Chat {
  bool states_dates = false;  // 3.1 and later: a system turn with two dates always comes first
};

// [INST] content [/INST] answer</s>, with spaces that differ from release to release
struct MistralChat {
  enum class System { kRefused, kInFirstTurn, kInLastTurn };

  std::string open = "[INST] ";
  std::string close = "[/INST]";
  std::string before_answer = " ";
  std::string after_answer = "</s>";
  bool trims_answer = true;
  System system = System::kInLastTurn;
};

// <start_of_turn>role\ncontent<end_of_turn>\n
struct GemmaChat {
  bool refuses_system = false;  // Gemma 2; Gemma 3 puts it before the first user's words
};

using ChatFamily = std::variant<ChatMl, Llama2Chat, Llama3Chat, MistralChat, GemmaChat>;

// As Python's str.strip, which Jinja's trim is: white space of Unicode goes from both ends.
std::string_view StripWhitespace(std::string_view text);

// As ChatTemplate::Render, whose checks of emptiness and roles were made.
Result<std::string> RenderChat(const ChatFamily& family, std::span<const ChatMessage> messages,
                               bool add_generation_prompt);

}  // namespace dynsplit
