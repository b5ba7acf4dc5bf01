#include <optional>
#include <utility>

#include "dynsplit/chat.h"
#include "model/chat_template_families.h"

namespace dynsplit {

struct ChatTemplate::Format {
  NamedFamily named;
};

ChatTemplate::ChatTemplate(std::shared_ptr<const Format> format) : format_(std::move(format)) {}

Result<ChatTemplate> ChatTemplate::Recognise(std::string_view jinja) {
  std::optional<NamedFamily> family = RecogniseChatFamily(jinja);
  if (family) return ChatTemplate(std::make_shared<Format>(Format{*std::move(family)}));
  const char* what = jinja.empty() ? "the model has no chat template"
                                   : "the model's chat template is of no known family";
  return Unsupported(std::string(what) + ": pass --raw to give the prompt as it is, or " +
                     "--chat-template NAME|FILE to choose one of " + Names());
}

Result<ChatTemplate> ChatTemplate::Named(std::string_view name) {
  for (const NamedFamily& family : ChatFamilies()) {
    if (family.name == name) return ChatTemplate(std::make_shared<Format>(Format{family}));
  }
  return NotFound("chat template '" + std::string(name) + "' is not known; known: " + Names());
}

const std::string& ChatTemplate::Names() {
  static const std::string kNames = [] {
    std::string names;
    for (const NamedFamily& family : ChatFamilies()) {
      names.append(names.empty() ? "" : ", ").append(family.name);
    }
    return names;
  }();
  return kNames;
}

std::string_view ChatTemplate::name() const { return format_->named.name; }

Result<std::vector<PromptPart>> ChatTemplate::RenderParts(std::span<const ChatMessage> messages,
                                                          bool add_generation_prompt) const {
  if (messages.empty()) return InvalidArgument("chat: there are no messages");
  for (const ChatMessage& message : messages) {
    const std::string& role = message.role;
    if (role != "system" && role != "user" && role != "assistant") {
      return InvalidArgument("chat: role '" + role + "', wanted system, user or assistant");
    }
  }
  return RenderChat(format_->named.family, messages, add_generation_prompt);
}

Result<std::string> ChatTemplate::Render(std::span<const ChatMessage> messages,
                                         bool add_generation_prompt) const {
  const Result<std::vector<PromptPart>> parts = RenderParts(messages, add_generation_prompt);
  if (!parts.ok()) return parts.status();
  std::string text;
  for (const PromptPart& part : *parts) text += part.text;
  return text;
}

}  // namespace dynsplit
