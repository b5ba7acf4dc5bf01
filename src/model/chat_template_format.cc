#include "model/chat_template_format.h"

#include <algorithm>

namespace dynsplit {
namespace {

// What str.isspace() holds for, as UTF-8.
constexpr std::string_view kWhitespace[] = {
    " ",      "\n",     "\r",     "\t",     "\v",     "\f",     "\x1C",   "\x1D",
    "\x1E",   "\x1F",   "\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002",
    "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A",
    "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};

bool IsSystem(const ChatMessage& message) { return message.role == "system"; }

// Templates that know two speakers want them by turns, the user first.
Status CheckAlternation(std::span<const ChatMessage> messages) {
  for (size_t i = 0; i < messages.size(); ++i) {
    const char* wanted = i % 2 == 0 ? "user" : "assistant";
    if (messages[i].role != wanted) {
      return InvalidArgument("chat: turn " + std::to_string(i + 1) + " is the " + messages[i].role +
                             "'s; this model's template wants the " + wanted +
                             "'s (an optional system message, then user and assistant by turns)");
    }
  }
  return {};
}

// A leading system message, split from the turns.
struct Turns {
  std::string system;
  bool has_system = false;
  std::span<const ChatMessage> rest;
};

Turns SplitSystem(std::span<const ChatMessage> messages) {
  if (!IsSystem(messages.front())) return {"", false, messages};
  return {messages.front().content, true, messages.subspan(1)};
}

Result<std::string> Render(const ChatMl& family, std::span<const ChatMessage> messages,
                           bool add_generation_prompt) {
  std::string text;
  const auto add = [&text](std::string_view role, std::string_view content) {
    text.append("<|im_start|>").append(role).append("\n");
    text.append(content).append("<|im_end|>\n");
  };
  if (!family.default_system.empty() && !IsSystem(messages.front())) {
    add("system", family.default_system);
  }
  for (const ChatMessage& message : messages) add(message.role, message.content);
  if (add_generation_prompt) text += "<|im_start|>assistant\n";
  return text;
}

Result<std::string> Render(const Llama2Chat&, std::span<const ChatMessage> messages, bool) {
  const Turns turns = SplitSystem(messages);
  DYNSPLIT_RETURN_IF_ERROR(CheckAlternation(turns.rest));
  std::string text;
  for (size_t i = 0; i < turns.rest.size(); ++i) {
    std::string content = turns.rest[i].content;
    if (i == 0 && turns.has_system) {
      content = "<<SYS>>\n" + turns.system + "\n<</SYS>>\n\n" + content;
    }
    const std::string stripped(StripWhitespace(content));
    if (i % 2 == 0) {
      text += (i == 0 ? "[INST] " : "<s>[INST] ") + stripped + " [/INST]";
    } else {
      text += " " + stripped + " </s>";
    }
  }
  return text;
}

Result<std::string> Render(const Llama3Chat& family, std::span<const ChatMessage> messages,
                           bool add_generation_prompt) {
  std::string text;
  const auto open = [&text](std::string_view role) {
    text.append("<|start_header_id|>").append(role).append("<|end_header_id|>\n\n");
  };
  if (family.states_dates) {
    const Turns turns = SplitSystem(messages);
    open("system");
    text += "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n";
    text.append(StripWhitespace(turns.system)).append("<|eot_id|>");
    messages = turns.rest;
  }
  for (const ChatMessage& message : messages) {
    open(message.role);
    text.append(StripWhitespace(message.content)).append("<|eot_id|>");
  }
  if (add_generation_prompt) open("assistant");
  return text;
}

Result<std::string> Render(const MistralChat& family, std::span<const ChatMessage> messages, bool) {
  const Turns turns = SplitSystem(messages);
  if (turns.has_system && family.system == MistralChat::System::kRefused) {
    return InvalidArgument("chat: this model's template takes no system message");
  }
  DYNSPLIT_RETURN_IF_ERROR(CheckAlternation(turns.rest));
  const size_t system_turn =
      family.system == MistralChat::System::kInLastTurn ? turns.rest.size() - 1 : 0;
  std::string text;
  for (size_t i = 0; i < turns.rest.size(); ++i) {
    const std::string& content = turns.rest[i].content;
    if (i % 2 == 0) {
      text += family.open;
      if (turns.has_system && i == system_turn) text += turns.system + "\n\n";
      text += content + family.close;
    } else {
      text += family.before_answer;
      text += family.trims_answer ? StripWhitespace(content) : content;
      text += family.after_answer;
    }
  }
  return text;
}

Result<std::string> Render(const GemmaChat& family, std::span<const ChatMessage> messages,
                           bool add_generation_prompt) {
  const Turns turns = SplitSystem(messages);
  if (turns.has_system && family.refuses_system) {
    return InvalidArgument("chat: this model's template takes no system message");
  }
  DYNSPLIT_RETURN_IF_ERROR(CheckAlternation(turns.rest));
  std::string text;
  for (size_t i = 0; i < turns.rest.size(); ++i) {
    text += i % 2 == 0 ? "<start_of_turn>user\n" : "<start_of_turn>model\n";
    if (i == 0 && turns.has_system) text += turns.system + "\n\n";
    text.append(StripWhitespace(turns.rest[i].content)).append("<end_of_turn>\n");
  }
  if (add_generation_prompt) text += "<start_of_turn>model\n";
  return text;
}

}  // namespace

std::string_view StripWhitespace(std::string_view text) {
  const auto trim = [&text](auto matches, auto remove) {
    const auto* end = std::end(kWhitespace);
    while (true) {
      const auto* space = std::find_if(std::begin(kWhitespace), end, matches);
      if (space == end) return;
      remove(space->size());
    }
  };
  trim([&](std::string_view space) { return text.starts_with(space); },
       [&](size_t n) { text.remove_prefix(n); });
  trim([&](std::string_view space) { return text.ends_with(space); },
       [&](size_t n) { text.remove_suffix(n); });
  return text;
}

Result<std::string> RenderChat(const ChatFamily& family, std::span<const ChatMessage> messages,
                               bool add_generation_prompt) {
  return std::visit([&](const auto& one) { return Render(one, messages, add_generation_prompt); },
                    family);
}

}  // namespace dynsplit
