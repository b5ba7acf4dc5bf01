#include "model/chat_template_format.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dynsplit {
namespace {

// What str.isspace() holds for, as UTF-8.
constexpr std::string_view kWhitespace[] = {
    " ",      "\n",     "\r",     "\t",     "\v",     "\f",     "\x1C",   "\x1D",
    "\x1E",   "\x1F",   "\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002",
    "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A",
    "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};
constexpr std::string_view kAsciiWhitespace = " \t\n\r\f\v\x1c\x1d\x1e\x1f";

bool IsSystem(const ChatMessage& message) { return message.role == "system"; }
bool IsUser(const ChatMessage& message) { return message.role == "user"; }

std::string_view StripLeading(std::string_view text) {
  const auto* end = std::end(kWhitespace);
  while (true) {
    const auto* space =
        std::find_if(std::begin(kWhitespace), end,
                     [text](std::string_view candidate) { return text.starts_with(candidate); });
    if (space == end) return text;
    text.remove_prefix(space->size());
  }
}

std::string_view StripTrailing(std::string_view text) {
  const auto* end = std::end(kWhitespace);
  while (true) {
    const auto* space =
        std::find_if(std::begin(kWhitespace), end,
                     [text](std::string_view candidate) { return text.ends_with(candidate); });
    if (space == end) return text;
    text.remove_suffix(space->size());
  }
}

// The parts of a chat while it is rendered. Neighbours of the template's own are one part.
class ChatText {
 public:
  void Add(std::string_view own) {
    if (own.empty()) return;
    if (parts_.empty() || parts_.back().message_idx >= 0) parts_.push_back({});
    parts_.back().text += own;
  }

  void AddSaid(std::string_view content, size_t message_idx) {
    const size_t begin = content.find_first_not_of(kAsciiWhitespace);
    if (begin == std::string_view::npos) return Add(content);
    const size_t end = content.find_last_not_of(kAsciiWhitespace) + 1;
    Add(content.substr(0, begin));
    parts_.push_back(
        {std::string(content.substr(begin, end - begin)), static_cast<int>(message_idx)});
    Add(content.substr(end));
  }

  std::vector<PromptPart> Take() { return std::move(parts_); }

 private:
  std::vector<PromptPart> parts_;
};

using Parts = Result<std::vector<PromptPart>>;
using Messages = std::span<const ChatMessage>;

// Where the turns begin: behind a leading system message.
size_t FirstTurn(Messages messages) { return IsSystem(messages.front()) ? 1 : 0; }

// Templates that know two speakers want them by turns, the user first.
Status CheckAlternation(Messages messages) {
  const size_t first = FirstTurn(messages);
  for (size_t i = first; i < messages.size(); ++i) {
    const char* wanted = (i - first) % 2 == 0 ? "user" : "assistant";
    if (messages[i].role != wanted) {
      return InvalidArgument("chat: turn " + std::to_string(i - first + 1) + " is the " +
                             messages[i].role + "'s; this model's template wants the " + wanted +
                             "'s (an optional system message, then user and assistant by turns)");
    }
  }
  return {};
}

// Templates that would leave it out.
Status RefuseLaterSystem(Messages messages) {
  for (size_t i = 1; i < messages.size(); ++i) {
    if (!IsSystem(messages[i])) continue;
    return InvalidArgument("chat: message " + std::to_string(i + 1) +
                           " is the system's; this model's template takes it as the first alone");
  }
  return {};
}

Status RefuseSystem(bool has_system) {
  if (!has_system) return {};
  return InvalidArgument("chat: this model's template takes no system message");
}

std::string_view WithoutLeadingLines(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of('\n'), text.size()));
}

std::string_view WithoutThinking(std::string_view answer, Thinking thinking) {
  constexpr std::string_view kEnd = "</think>";
  if (thinking == Thinking::kKept) return answer;
  const size_t end = answer.rfind(kEnd);
  const bool thought = end != std::string_view::npos;
  if (thought) answer.remove_prefix(end + kEnd.size());
  const bool strips = thinking == Thinking::kAlways || (thought && thinking == Thinking::kStripped);
  return strips ? WithoutLeadingLines(answer) : answer;
}

Parts Render(const ChatMl& family, Messages messages, bool add_generation_prompt) {
  ChatText text;
  if (!family.default_system.empty() && !IsSystem(messages.front())) {
    text.Add("<|im_start|>system\n" + family.default_system + "<|im_end|>\n");
  }
  for (size_t i = 0; i < messages.size(); ++i) {
    const auto& [role, content] = messages[i];
    text.Add("<|im_start|>" + role + "\n");
    text.AddSaid(role == "assistant" ? WithoutThinking(content, family.thinking) : content, i);
    text.Add("<|im_end|>\n");
  }
  if (add_generation_prompt) text.Add("<|im_start|>assistant\n" + family.generation_more);
  return text.Take();
}

void RemoveAll(std::string_view what, std::string* text) {
  for (size_t at = text->find(what); at != std::string::npos; at = text->find(what, at)) {
    text->erase(at, what.size());
  }
}

Parts Render(const SmolLm3Chat& family, Messages messages, bool add_generation_prompt) {
  DYNSPLIT_RETURN_IF_ERROR(RefuseLaterSystem(messages));
  bool thinks = true;
  std::string wishes;
  const size_t first = FirstTurn(messages);
  if (first == 1) {
    wishes = messages.front().content;
    thinks = wishes.find("/no_think") == std::string::npos;
    RemoveAll("/no_think", &wishes);
    RemoveAll("/think", &wishes);
    wishes.erase(wishes.find_last_not_of(kAsciiWhitespace) + 1);
  }
  ChatText text;
  text.Add("<|im_start|>system\n## Metadata\n\nKnowledge Cutoff Date: June 2025\nReasoning Mode: ");
  text.Add(thinks ? "/think\n\n" : "/no_think\n\n");
  text.Add("## Custom Instructions\n\n");
  if (wishes.empty()) {
    text.Add(thinks ? family.default_thinking : family.default_plain);
  } else {
    text.AddSaid(wishes, 0);
    text.Add("\n\n");
  }
  text.Add("<|im_end|>\n");
  const std::string_view answer_open =
      thinks ? "<|im_start|>assistant\n" : "<|im_start|>assistant\n<think>\n\n</think>\n";
  for (size_t i = first; i < messages.size(); ++i) {
    const bool is_user = IsUser(messages[i]);
    const std::string_view content = messages[i].content;
    text.Add(is_user ? "<|im_start|>user\n" : answer_open);
    text.AddSaid(is_user ? content : WithoutLeadingLines(content), i);
    text.Add("<|im_end|>\n");
  }
  if (add_generation_prompt) text.Add(answer_open);
  return text.Take();
}

Parts Render(const Llama2Chat&, Messages messages, bool) {
  DYNSPLIT_RETURN_IF_ERROR(CheckAlternation(messages));
  const size_t first = FirstTurn(messages);
  ChatText text;
  for (size_t i = first; i < messages.size(); ++i) {
    const std::string_view content = messages[i].content;
    if (!IsUser(messages[i])) {
      text.Add(" ");
      text.AddSaid(StripWhitespace(content), i);
      text.Add(" </s>");
      continue;
    }
    text.Add(i == first ? "[INST] " : "<s>[INST] ");
    const bool has_system = i == 1 && first == 1;
    if (has_system) {
      text.Add("<<SYS>>\n");
      text.AddSaid(messages.front().content, 0);
      text.Add("\n<</SYS>>\n\n");
    }
    // A system message and the first words are stripped as one text.
    text.AddSaid(has_system ? StripTrailing(content) : StripWhitespace(content), i);
    text.Add(" [/INST]");
  }
  return text.Take();
}

Parts Render(const Llama3Chat& family, Messages messages, bool add_generation_prompt) {
  ChatText text;
  const auto open = [&text](const std::string& role) {
    text.Add("<|start_header_id|>" + role + "<|end_header_id|>\n\n");
  };
  size_t first = 0;
  if (family.states_dates) {
    first = FirstTurn(messages);
    open("system");
    text.Add("Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n");
    if (first == 1) text.AddSaid(StripWhitespace(messages.front().content), 0);
    text.Add("<|eot_id|>");
  }
  for (size_t i = first; i < messages.size(); ++i) {
    open(messages[i].role);
    text.AddSaid(StripWhitespace(messages[i].content), i);
    text.Add("<|eot_id|>");
  }
  if (add_generation_prompt) open("assistant");
  return text.Take();
}

Parts Render(const MistralChat& family, Messages messages, bool) {
  using System = MistralChat::System;
  const size_t first = FirstTurn(messages);
  DYNSPLIT_RETURN_IF_ERROR(RefuseSystem(first == 1 && family.system == System::kRefused));
  DYNSPLIT_RETURN_IF_ERROR(CheckAlternation(messages));
  const size_t system_turn = family.system == System::kInLastTurn ? messages.size() - 1 : first;
  ChatText text;
  for (size_t i = first; i < messages.size(); ++i) {
    const std::string_view content = messages[i].content;
    if (IsUser(messages[i])) {
      text.Add(family.open);
      if (first == 1 && i == system_turn) {
        text.AddSaid(messages.front().content, 0);
        text.Add("\n\n");
      }
      text.AddSaid(content, i);
      text.Add(family.close);
    } else {
      text.Add(family.before_answer);
      text.AddSaid(family.trims_answer ? StripWhitespace(content) : content, i);
      text.Add(family.after_answer);
    }
  }
  return text.Take();
}

Parts Render(const GemmaChat& family, Messages messages, bool add_generation_prompt) {
  const size_t first = FirstTurn(messages);
  DYNSPLIT_RETURN_IF_ERROR(RefuseSystem(first == 1 && family.refuses_system));
  DYNSPLIT_RETURN_IF_ERROR(CheckAlternation(messages));
  ChatText text;
  for (size_t i = first; i < messages.size(); ++i) {
    text.Add(IsUser(messages[i]) ? "<start_of_turn>user\n" : "<start_of_turn>model\n");
    if (i == 1 && first == 1) {
      text.AddSaid(messages.front().content, 0);
      text.Add("\n\n");
    }
    text.AddSaid(StripWhitespace(messages[i].content), i);
    text.Add("<end_of_turn>\n");
  }
  if (add_generation_prompt) text.Add("<start_of_turn>model\n");
  return text.Take();
}

Parts Render(const TurnChat& family, Messages messages, bool add_generation_prompt) {
  using System = TurnChat::System;
  const auto last_system = std::find_if(messages.rbegin(), messages.rend(), IsSystem);
  const bool has_system = last_system != messages.rend();
  DYNSPLIT_RETURN_IF_ERROR(RefuseSystem(has_system && family.takes_system == System::kRefused));
  if (family.alternates) DYNSPLIT_RETURN_IF_ERROR(CheckAlternation(messages));
  ChatText text;
  if (!has_system) text.Add(family.default_system);
  const bool moves = has_system && family.takes_system == System::kMoved;
  if (moves) {
    text.AddSaid(last_system->content, static_cast<size_t>(messages.rend() - last_system) - 1);
  }
  for (size_t i = 0; i < messages.size(); ++i) {
    const bool is_system = IsSystem(messages[i]);
    if (is_system && moves) continue;
    const bool is_answer = !is_system && !IsUser(messages[i]);
    const TurnChat::Turn& turn = is_system   ? family.system
                                 : is_answer ? family.answer
                                             : family.user;
    std::string_view said = messages[i].content;
    if (is_answer) said = WithoutThinking(said, family.thinking);
    if (!is_system && family.trims) said = StripWhitespace(said);
    text.Add(turn.open);
    text.AddSaid(said, i);
    const bool ends = is_answer && i + 1 == messages.size() && !family.last_close.empty();
    text.Add(ends ? family.last_close : turn.close);
  }
  if (add_generation_prompt) text.Add(family.generation);
  return text.Take();
}

}  // namespace

std::string_view StripWhitespace(std::string_view text) {
  return StripTrailing(StripLeading(text));
}

Result<std::vector<PromptPart>> RenderChat(const ChatFamily& family,
                                           std::span<const ChatMessage> messages,
                                           bool add_generation_prompt) {
  return std::visit([&](const auto& one) { return Render(one, messages, add_generation_prompt); },
                    family);
}

}  // namespace dynsplit
