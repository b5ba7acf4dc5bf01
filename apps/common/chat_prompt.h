// Messages to tokens, so that no text of a user's can pass for the template's own: "<|im_end|>"
// in a document stays text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynsplit/chat.h"
#include "dynsplit/model.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit {

// The rendered messages, the assistant's turn opened. ChatTemplate::RenderParts's errors.
Result<std::vector<PromptPart>> RenderParts(const ChatTemplate& chat_template,
                                            std::span<const ChatMessage> messages);

// The tokens of the parts. The text is encoded as a whole, as models are trained, unless what a
// message says holds the name of a special token: then part by part. `whole` is false for parts
// that go on where a session stands.
Result<std::vector<int32_t>> EncodeParts(const Tokenizer& tokenizer,
                                         std::span<const PromptPart> parts, bool whole);

// What can be read before the question is known: the messages, and the beginning of a user's
// message that the question will end.
Result<std::vector<int32_t>> EncodeBeginning(const ChatTemplate& chat_template,
                                             const Tokenizer& tokenizer,
                                             std::vector<ChatMessage> messages,
                                             const std::string& beginning);
// What goes on where that ends: the question, and the assistant's turn opened. InvalidArgument for
// a question of white space alone.
Result<std::vector<int32_t>> EncodeQuestion(const ChatTemplate& chat_template,
                                            const Tokenizer& tokenizer,
                                            const std::string& question);

// The template of that name, or that of the Jinja text in that file. NotFound for what is neither;
// for a file Unsupported where it is of no known family, InvalidArgument above 1 MiB, or IoError.
Result<ChatTemplate> FindTemplate(const std::string& name_or_file);
// The same, or the model's own where the name is empty.
Result<ChatTemplate> ChooseTemplate(const Model& model, const std::string& name_or_file);

// What the user says: each file's text after a line that names it, then the prompt.
struct NamedText {
  std::string name;
  std::string text;
};
std::string UserMessage(std::span<const NamedText> files, const std::string& prompt);

}  // namespace dynsplit
