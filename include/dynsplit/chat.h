// Chat messages to the text that a model was trained on. A GGUF file carries its template as a
// Jinja program; this engine does not run Jinja, it recognises the common families by fragments
// of the text and renders what the program would.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit {

struct ChatMessage {
  std::string role;  // "system", "user" or "assistant"
  std::string content;
};

// A stretch of a rendered chat: the template's own text, or what a message says (without the white
// space around it, which counts as the template's).
struct PromptPart {
  std::string text;
  int message_idx = -1;  // -1: the template's own
};

// A value; any thread may use a const one.
class ChatTemplate {
 public:
  // By the Jinja text of a model, with its own default system message where it has one.
  // Unsupported, naming `--raw` and `--chat-template`, for an empty or another text.
  static Result<ChatTemplate> Recognise(std::string_view jinja);
  // By a name of Names(), without a default system message. NotFound, with the names, for another.
  static Result<ChatTemplate> Named(std::string_view name);

  static const std::string& Names();  // "chatml, llama2, ..."
  std::string_view name() const;      // one of them. Static storage

  // What Jinja gives with tools undefined and no clock, but without the begin token at the very
  // start: encode the result with add_special and parse_special. `add_generation_prompt` opens the
  // assistant's turn. InvalidArgument where there are no messages, for an unknown role, and where
  // the template does not take a system message, not there, or wants user and assistant by turns.
  Result<std::string> Render(std::span<const ChatMessage> messages,
                             bool add_generation_prompt) const;
  // The same in parts, none of them empty: what they say, joined, is Render's.
  Result<std::vector<PromptPart>> RenderParts(std::span<const ChatMessage> messages,
                                              bool add_generation_prompt) const;

 private:
  struct Format;
  explicit ChatTemplate(std::shared_ptr<const Format> format);

  std::shared_ptr<const Format> format_;
};

}  // namespace dynsplit
