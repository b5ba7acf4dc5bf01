#include <array>
#include <optional>
#include <utility>

#include "dynsplit/chat.h"
#include "model/chat_template_format.h"

namespace dynsplit {
namespace {

// In the order of ChatFamily's alternatives.
constexpr std::array<std::string_view, std::variant_size_v<ChatFamily>> kNames = {
    "chatml", "llama2", "llama3", "mistral", "gemma"};

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Whether the Jinja text holds this string literal, in either kind of quotes.
bool HasLiteral(std::string_view jinja, std::string_view value) {
  const std::string inner(value);
  return Contains(jinja, "'" + inner + "'") || Contains(jinja, '"' + inner + '"');
}

std::string_view After(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view();
}

// The rest of a Jinja string literal that `quote` ends, escapes resolved, up to <|im_end|>.
// Nothing where the literal ends before that.
std::optional<std::string> LiteralUntilEnd(std::string_view text, char quote) {
  std::string value;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("<|im_end|>")) return value;
    if (text[i] == quote) return std::nullopt;
    const bool is_escape = text[i] == '\\' && i + 1 < text.size();
    if (is_escape) ++i;
    value += is_escape && text[i] == 'n' ? '\n' : text[i];
  }
  return std::nullopt;
}

// The system message that a ChatML template itself holds: a literal
// '<|im_start|>system\n ... <|im_end|>', its newline escaped (Qwen2.5) or plain (SmolLM2).
std::string DefaultSystem(std::string_view jinja) {
  constexpr std::string_view kStart = "<|im_start|>system";
  for (size_t at = jinja.find(kStart); at != std::string_view::npos;
       at = jinja.find(kStart, at + 1)) {
    if (at == 0) continue;
    const char quote = jinja[at - 1];
    const std::string_view rest = jinja.substr(at + kStart.size());
    const std::string_view text = rest.starts_with("\n") ? After(rest, "\n") : After(rest, "\\n");
    if (quote != '\'' && quote != '"') continue;
    if (std::optional<std::string> value = LiteralUntilEnd(text, quote)) return *value;
  }
  return "";
}

// Mistral's releases, by the literals of their templates (Mistral 7B Instruct v0.1 to v0.3).
std::optional<ChatFamily> RecogniseMistral(std::string_view jinja) {
  if (Contains(jinja, "[SYSTEM_PROMPT]")) return std::nullopt;  // v7: other rules
  MistralChat chat;
  if (Contains(jinja, "\" [INST] \"") || Contains(jinja, "' [INST] '")) {
    chat.open = " [INST] ";
    chat.close = " [/INST]";
    chat.trims_answer = false;
    chat.system = MistralChat::System::kInFirstTurn;
    return chat;
  }
  if (!HasLiteral(jinja, "[INST] ")) return std::nullopt;
  if (Contains(jinja, "[AVAILABLE_TOOLS]")) return chat;
  if (!HasLiteral(jinja, " [/INST]")) return std::nullopt;
  chat.close = " [/INST]";
  chat.before_answer = "";
  if (Contains(jinja, "eos_token + ' '")) chat.after_answer = "</s> ";
  chat.trims_answer = false;
  chat.system = MistralChat::System::kRefused;
  return chat;
}

std::optional<ChatFamily> RecogniseFamily(std::string_view jinja) {
  if (Contains(jinja, "<|im_start|>")) {
    // Phi-4 and SmolVLM use the same first token with other rules.
    if (Contains(jinja, "<|im_sep|>") || Contains(jinja, "<end_of_utterance>")) return std::nullopt;
    return ChatMl{DefaultSystem(jinja)};
  }
  if (Contains(jinja, "<<SYS>>") && Contains(jinja, "[INST]")) return Llama2Chat{};
  if (Contains(jinja, "[INST]")) return RecogniseMistral(jinja);
  if (Contains(jinja, "<|start_header_id|>") && Contains(jinja, "<|eot_id|>")) {
    return Llama3Chat{Contains(jinja, "Cutting Knowledge Date: December 2023")};
  }
  if (Contains(jinja, "<start_of_turn>")) {
    return GemmaChat{Contains(jinja, "System role not supported")};
  }
  return std::nullopt;
}

ChatFamily DefaultFamily(size_t index) {
  static const ChatFamily kFamilies[] = {ChatMl{}, Llama2Chat{}, Llama3Chat{}, MistralChat{},
                                         GemmaChat{}};
  return kFamilies[index];
}

std::string KnownNames() {
  std::string names;
  for (const std::string_view name : kNames) {
    names.append(names.empty() ? "" : ", ").append(name);
  }
  return names;
}

}  // namespace

struct ChatTemplate::Format {
  ChatFamily family;
};

ChatTemplate::ChatTemplate(std::shared_ptr<const Format> format) : format_(std::move(format)) {}

Result<ChatTemplate> ChatTemplate::Recognise(std::string_view jinja) {
  std::optional<ChatFamily> family = RecogniseFamily(jinja);
  if (family) return ChatTemplate(std::make_shared<Format>(Format{*std::move(family)}));
  const char* what = jinja.empty() ? "the model has no chat template"
                                   : "the model's chat template is of no known family";
  return Unsupported(std::string(what) + ": pass --raw to give the prompt as it is, or " +
                     "--chat-template NAME to choose one of " + KnownNames());
}

Result<ChatTemplate> ChatTemplate::Named(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] != name) continue;
    return ChatTemplate(std::make_shared<Format>(Format{DefaultFamily(i)}));
  }
  return NotFound("chat template '" + std::string(name) + "' is not known; known: " + KnownNames());
}

std::string_view ChatTemplate::name() const { return kNames[format_->family.index()]; }

Result<std::string> ChatTemplate::Render(std::span<const ChatMessage> messages,
                                         bool add_generation_prompt) const {
  if (messages.empty()) return InvalidArgument("chat: there are no messages");
  for (const ChatMessage& message : messages) {
    const std::string& role = message.role;
    if (role != "system" && role != "user" && role != "assistant") {
      return InvalidArgument("chat: role '" + role + "', wanted system, user or assistant");
    }
  }
  return RenderChat(format_->family, messages, add_generation_prompt);
}

}  // namespace dynsplit
