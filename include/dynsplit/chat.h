// Chat messages to the text that a model was trained on. A GGUF file carries its template as a
// Jinja program; this engine does not run Jinja, it recognises the common families by fragments
// of the text and renders what the program would.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "dynsplit/status.h"

namespace dynsplit {

struct ChatMessage {
  std::string role;  // "system", "user" or "assistant"
  std::string content;
};

// A value; any thread may use a const one.
class ChatTemplate {
 public:
  // By the Jinja text of a model: ChatML, Llama 2, Llama 3, Mistral or Gemma, with its own default
  // system message where it has one. Unsupported, naming `--raw` and `--chat-template`, for an
  // empty or another text.
  static Result<ChatTemplate> Recognise(std::string_view jinja);
  // By name: "chatml", "llama2", "llama3", "mistral", "gemma", without a default system message.
  // NotFound, with the names, for another.
  static Result<ChatTemplate> Named(std::string_view name);

  std::string_view name() const;  // one of the five. Static storage

  // What Jinja gives with date_string and tools undefined, but without the begin token at the very
  // start: encode the result with add_special and parse_special. `add_generation_prompt` opens the
  // assistant's turn. InvalidArgument where there are no messages, for an unknown role, and where
  // Llama 2, Mistral and Gemma do not find an optional system message (where the template takes
  // one), then user and assistant by turns.
  Result<std::string> Render(std::span<const ChatMessage> messages,
                             bool add_generation_prompt) const;

 private:
  struct Format;
  explicit ChatTemplate(std::shared_ptr<const Format> format);

  std::shared_ptr<const Format> format_;
};

}  // namespace dynsplit
