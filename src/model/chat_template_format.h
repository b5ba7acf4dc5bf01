// The families of chat templates: what varies within each, and their rendering.
// All functions: any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dynsplit/chat.h"

namespace dynsplit {

// What becomes of the thoughts in an answer that a question follows.
enum class Thinking {
  kKept,
  kDropped,   // all up to </think>
  kStripped,  // and new lines behind it, where there is one (Qwen3)
  kAlways,    // and new lines at the beginning of any answer (QwQ)
};

// <|im_start|>role\ncontent<|im_end|>\n
struct ChatMl {
  std::string default_system;  // put first where the messages do not start with one; "": none
  Thinking thinking = Thinking::kKept;
  std::string generation_more;  // behind what opens the assistant's turn; QwQ: "<think>\n"
};

// ChatML whose system message is a form: the mode of reasoning, and what the user wants.
struct SmolLm3Chat {
  std::string default_thinking;  // where the user wants nothing of his own, with reasoning
  std::string default_plain;     // and without ("/no_think" in the system message)
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

// Every other family: each message between two texts that its role decides.
struct TurnChat {
  // Where a system message may stand; moved: the last one is put first, wherever it stands.
  enum class System { kAnywhere, kMoved, kRefused };
  struct Turn {
    std::string open;
    std::string close;
  };

  Turn system;
  Turn user;
  Turn answer;
  std::string generation;      // opens the assistant's turn
  std::string default_system;  // as of ChatMl, but put as it is, without `system`'s texts
  std::string last_close;      // "": as answer.close; else of an answer that ends the chat
  System takes_system = System::kAnywhere;
  bool alternates = false;  // user and assistant by turns
  bool trims = false;       // white space around what user and assistant say goes
  Thinking thinking = Thinking::kKept;
};

using ChatFamily =
    std::variant<ChatMl, SmolLm3Chat, Llama2Chat, Llama3Chat, MistralChat, GemmaChat, TurnChat>;

// As Python's str.strip, which Jinja's trim is: white space of Unicode goes from both ends.
std::string_view StripWhitespace(std::string_view text);

// As ChatTemplate::RenderParts, whose checks of emptiness and roles were made.
Result<std::vector<PromptPart>> RenderChat(const ChatFamily& family,
                                           std::span<const ChatMessage> messages,
                                           bool add_generation_prompt);

}  // namespace dynsplit
