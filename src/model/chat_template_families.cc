#include "model/chat_template_families.h"

#include <initializer_list>
#include <string>
#include <vector>

namespace dynsplit {
namespace {

using System = TurnChat::System;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool ContainsAll(std::string_view text, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) {
    if (!Contains(text, part)) return false;
  }
  return true;
}

// Whether the Jinja text holds this string literal, in either kind of quotes.
bool HasLiteral(std::string_view jinja, std::string_view value) {
  const std::string inner(value);
  return Contains(jinja, "'" + inner + "'") || Contains(jinja, '"' + inner + '"');
}

// The text without white space and in one way of writing, in which an expression can be looked for:
// message["content"] and message.content become message['content'].
std::string Shape(std::string_view jinja) {
  std::string shape;
  for (const char c : jinja) {
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') shape += c == '"' ? '\'' : c;
  }
  constexpr std::string_view kMember = "message.content";
  for (size_t at = shape.find(kMember); at != std::string::npos; at = shape.find(kMember, at)) {
    shape.replace(at, kMember.size(), "message['content']");
  }
  return shape;
}

// What a string literal says that begins with `beginning`, from there to its end, escapes
// resolved; "" where there is none. The search goes on from *at, which is left behind it.
std::string LiteralFrom(std::string_view jinja, std::string_view beginning, size_t* at) {
  while (true) {
    const size_t found = jinja.find(beginning, *at);
    if (found == std::string_view::npos) return "";
    *at = found + beginning.size();
    const char quote = found == 0 ? ' ' : jinja[found - 1];
    if (quote != '\'' && quote != '"') continue;
    std::string value;
    for (size_t i = found; i < jinja.size() && jinja[i] != quote; *at = ++i) {
      const bool is_escape = jinja[i] == '\\' && i + 1 < jinja.size();
      if (is_escape) ++i;
      value += is_escape && jinja[i] == 'n' ? '\n' : jinja[i];
    }
    return value;
  }
}

// The system message that a ChatML template itself holds: a literal
// '<|im_start|>system\n ... <|im_end|>', its newline escaped (Qwen2.5) or plain (SmolLM2).
std::string DefaultSystem(std::string_view jinja) {
  constexpr std::string_view kStart = "<|im_start|>system";
  for (size_t at = 0; at < jinja.size();) {
    const std::string literal = LiteralFrom(jinja, kStart, &at);
    if (literal.empty()) return "";
    const size_t end = literal.find("<|im_end|>");
    if (end == std::string::npos) continue;
    const size_t begin = kStart.size() + (literal[kStart.size()] == '\n' ? 1 : 0);
    return literal.substr(begin, end - begin);
  }
  return "";
}

// What a template whose model always thinks writes behind `opening`.
std::string ThinkingOpened(std::string_view jinja, std::string_view opening) {
  if (!Contains(jinja, std::string(opening) + "<think>\\n'")) return "";
  const bool closes = Contains(jinja, "{{- '</think>' -}}");
  return closes ? "<think>\n</think>" : "<think>\n";
}

struct RoleNames {
  std::string system = "system", user = "user", answer = "assistant";
};

// Turns that begin with their role's name between two marks, and all end alike.
TurnChat NamedRolesChat(const std::string& before, const std::string& behind,
                        const std::string& close, const RoleNames& names = {}) {
  TurnChat chat;
  chat.system = {before + names.system + behind, close};
  chat.user = {before + names.user + behind, close};
  chat.answer = {before + names.answer + behind, close};
  chat.generation = chat.answer.open;
  return chat;
}

// <|role|>\ncontent, and what ends a turn: Phi 3, Zephyr, OLMo 2.
TurnChat RoleMarksChat(const std::string& close) { return NamedRolesChat("<|", "|>\n", close); }

TurnChat Phi4Chat() { return NamedRolesChat("<|im_start|>", "<|im_sep|>", "<|im_end|>"); }

// Where each of the user's turns opens the assistant's too.
TurnChat OpenedByUser(TurnChat chat) {
  chat.user.close += chat.answer.open;
  chat.answer.open.clear();
  chat.generation.clear();
  return chat;
}

// OLMo 2, Tulu and Falcon 3.
TurnChat Olmo2Chat() {
  TurnChat chat = RoleMarksChat("\n");
  chat.answer.close = "<|endoftext|>\n";
  chat.last_close = "<|endoftext|>";
  return chat;
}

TurnChat GraniteChat() {
  return NamedRolesChat("<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>\n");
}

// Granite 4.0's default system message; those of 3.1 to 3.3 name the day and are left out.
TurnChat GraniteWithDefault(std::string_view jinja) {
  TurnChat chat = GraniteChat();
  size_t at = 0;
  const std::string said =
      LiteralFrom(jinja, "You are a helpful assistant. Please ensure responses", &at);
  if (!said.empty()) chat.default_system = chat.system.open + said + chat.system.close;
  return chat;
}

TurnChat CommandRChat() {
  TurnChat chat = NamedRolesChat("<|START_OF_TURN_TOKEN|><|", "_TOKEN|>", "<|END_OF_TURN_TOKEN|>",
                                 {"SYSTEM", "USER", "CHATBOT"});
  chat.alternates = true;
  chat.trims = true;
  return chat;
}

// DeepSeek LLM, V2 and V2 Lite.
TurnChat DeepSeekLlmChat() {
  TurnChat chat;
  chat.system = {"", "\n\n"};
  chat.user = {"User: ", "\n\n"};
  chat.answer = {"Assistant: ", "<｜end▁of▁sentence｜>"};
  chat.generation = "Assistant:";
  return chat;
}

TurnChat DeepSeekCoderChat() {
  TurnChat chat;
  chat.user = {"### Instruction:\n", "\n"};
  chat.answer = {"### Response:\n", "\n<|EOT|>\n"};
  chat.generation = "### Response:\n";
  return chat;
}

// DeepSeek V2.5, V3, R1 and the models that learned from it.
TurnChat DeepSeekChat() {
  TurnChat chat;
  chat.user = {"<｜User｜>", ""};
  chat.answer = {"<｜Assistant｜>", "<｜end▁of▁sentence｜>"};
  chat.generation = chat.answer.open;
  chat.takes_system = System::kMoved;
  return chat;
}

MistralChat MistralNemoChat() {
  MistralChat chat;
  chat.open = "[INST]";
  chat.before_answer = "";
  chat.trims_answer = false;
  return chat;
}

TurnChat Mistral7Chat() {
  TurnChat chat;
  chat.system = {"[SYSTEM_PROMPT] ", "[/SYSTEM_PROMPT]"};
  chat.user = {"[INST] ", "[/INST]"};
  chat.answer = {" ", "</s>"};
  return chat;
}

// Mistral's releases, by the literals of their templates (Mistral 7B Instruct v0.1 to v0.3, Nemo,
// Large 2411).
std::optional<NamedFamily> RecogniseMistral(std::string_view jinja) {
  if (Contains(jinja, "[SYSTEM_PROMPT]")) {
    // Later ones have no space behind their marks, and state the date.
    if (!HasLiteral(jinja, "[SYSTEM_PROMPT] ") || !HasLiteral(jinja, "[INST] ")) return {};
    return NamedFamily{"mistral-v7", Mistral7Chat()};
  }
  MistralChat chat;
  if (Contains(jinja, "\" [INST] \"") || Contains(jinja, "' [INST] '")) {
    chat.open = " [INST] ";
    chat.close = " [/INST]";
    chat.trims_answer = false;
    chat.system = MistralChat::System::kInFirstTurn;
    return NamedFamily{"mistral", chat};
  }
  if (HasLiteral(jinja, "[INST]") && Contains(jinja, "[AVAILABLE_TOOLS]")) {
    return NamedFamily{"mistral-nemo", MistralNemoChat()};
  }
  if (!HasLiteral(jinja, "[INST] ")) return {};
  if (Contains(jinja, "[AVAILABLE_TOOLS]")) return NamedFamily{"mistral", chat};
  if (!HasLiteral(jinja, " [/INST]")) return {};
  chat.close = " [/INST]";
  chat.before_answer = "";
  if (Contains(jinja, "eos_token + ' '")) chat.after_answer = "</s> ";
  chat.trims_answer = false;
  chat.system = MistralChat::System::kRefused;
  return NamedFamily{"mistral", chat};
}

std::optional<NamedFamily> RecogniseLlama2(std::string_view jinja) {
  const std::string shape = Shape(jinja);
  // Vigogne puts a system message of its own where there is none.
  if (!Contains(shape, "content.strip()+'[/INST]'") || Contains(shape, "eliftrue==true")) return {};
  return NamedFamily{"llama2", Llama2Chat{}};
}

// What opens turns with <|im_start|>.
std::optional<NamedFamily> RecogniseChatMl(std::string_view jinja) {
  if (Contains(jinja, "<end_of_utterance>")) return {};  // SmolVLM: other rules
  if (Contains(jinja, "<|im_sep|>")) {
    const bool opened = Contains(jinja, "<|im_end|><|im_start|>assistant<|im_sep|>");
    return NamedFamily{"phi4", opened ? OpenedByUser(Phi4Chat()) : Phi4Chat()};
  }
  if (ContainsAll(jinja, {"## Metadata", "Reasoning Mode: ", "## Custom Instructions"})) {
    SmolLm3Chat chat;
    size_t at = 0;
    constexpr std::string_view kBeginning = "You are a helpful AI assistant named SmolLM";
    chat.default_thinking = LiteralFrom(jinja, kBeginning, &at);
    chat.default_plain = LiteralFrom(jinja, kBeginning, &at);
    return NamedFamily{"smollm3", chat};
  }
  if (Contains(jinja, "json_to_python_type"))
    return {};  // Hermes with tools: they always come first
  ChatMl chat;
  chat.default_system = DefaultSystem(jinja);
  if (!Contains(jinja, "</think>")) return NamedFamily{"chatml", chat};
  // Others trim answers, or keep some of their thoughts.
  const std::string shape = Shape(jinja);
  const bool drops = Contains(shape, "split('</think>')[-1].lstrip('\\n')");
  if (!drops || Contains(shape, "|trim")) return {};
  chat.generation_more = ThinkingOpened(jinja, "<|im_start|>assistant\\n");
  chat.thinking = chat.generation_more.empty() ? Thinking::kStripped : Thinking::kAlways;
  return NamedFamily{"qwen3", chat};
}

// What opens turns with <|user|>.
std::optional<NamedFamily> RecogniseRoleMarks(std::string_view jinja) {
  if (Contains(jinja, "[gMASK]")) return {};  // ChatGLM
  const bool names_roles = Contains(jinja, "'<|' + message['role'] + '|>'");
  if (!names_roles && !ContainsAll(jinja, {"<|user|>", "<|assistant|>"})) return {};
  if (Contains(jinja, "<|end|>")) {
    const bool is_plain = Contains(Shape(jinja), "message['content']+'<|end|>");
    if (!is_plain || Contains(jinja, "FINAL RESPONSE")) return {};  // Apriel: instructions first
    if (names_roles || Contains(jinja, "<|system|>")) {
      return NamedFamily{"phi3", RoleMarksChat("<|end|>\n")};
    }
    TurnChat chat = OpenedByUser(RoleMarksChat("<|end|>\n"));
    chat.takes_system = System::kRefused;
    return NamedFamily{"phi3", chat};
  }
  if (!Contains(jinja, "eos_token")) return {};
  // Whether the end token closes the user's turns too.
  const size_t user = jinja.find("<|user|>");
  const size_t user_end = jinja.find("%}", user);
  if (Contains(jinja.substr(user, user_end - user), "eos_token")) {
    return NamedFamily{"zephyr", RoleMarksChat("</s>\n")};
  }
  if (!Contains(jinja, "not loop.last"))
    return {};  // the first OLMo: a mark of its own at the start
  return NamedFamily{"olmo2", Olmo2Chat()};
}

std::optional<NamedFamily> RecogniseDeepSeek(std::string_view jinja) {
  if (ContainsAll(jinja, {"### Instruction:", "### Response:", "<|EOT|>"})) {
    TurnChat chat = DeepSeekCoderChat();
    size_t at = 0;
    chat.default_system = LiteralFrom(jinja, "You are an AI programming assistant", &at);
    return NamedFamily{"deepseek-coder", chat};
  }
  const std::string shape = Shape(jinja);
  if (Contains(shape, "'Assistant:'+message['content']+eos_token")) {
    return NamedFamily{"deepseek-llm", DeepSeekLlmChat()};
  }
  if (!ContainsAll(jinja, {"<｜Assistant｜>", "<｜end▁of▁sentence｜>"})) return {};
  if (!Contains(shape, "'<｜User｜>'+message['content']}}")) return {};
  // V3.1 and later put marks of their own behind each <｜Assistant｜>.
  if (Contains(jinja, "ns.last_user") || Contains(jinja, "is_last_user")) return {};
  TurnChat chat = DeepSeekChat();
  if (Contains(jinja, "split('</think>')")) chat.thinking = Thinking::kDropped;
  chat.generation += ThinkingOpened(jinja, "<｜Assistant｜>");
  return NamedFamily{"deepseek", chat};
}

}  // namespace

std::span<const NamedFamily> ChatFamilies() {
  static const std::vector<NamedFamily> kFamilies = {
      {"chatml", ChatMl{}},
      {"llama2", Llama2Chat{}},
      {"llama3", Llama3Chat{}},
      {"mistral", MistralChat{}},
      {"mistral-nemo", MistralNemoChat()},
      {"mistral-v7", Mistral7Chat()},
      {"gemma", GemmaChat{}},
      {"qwen3", ChatMl{"", Thinking::kStripped, ""}},
      {"smollm3", SmolLm3Chat{}},
      {"phi3", RoleMarksChat("<|end|>\n")},
      {"phi4", Phi4Chat()},
      {"zephyr", RoleMarksChat("</s>\n")},
      {"olmo2", Olmo2Chat()},
      {"granite", GraniteChat()},
      {"deepseek", DeepSeekChat()},
      {"deepseek-llm", DeepSeekLlmChat()},
      {"deepseek-coder", DeepSeekCoderChat()},
      {"command-r", CommandRChat()},
  };
  return kFamilies;
}

std::optional<NamedFamily> RecogniseChatFamily(std::string_view jinja) {
  if (Contains(jinja, "<|im_start|>")) return RecogniseChatMl(jinja);
  if (ContainsAll(jinja, {"<<SYS>>", "[INST]"})) return RecogniseLlama2(jinja);
  if (Contains(jinja, "[INST]")) return RecogniseMistral(jinja);
  if (ContainsAll(jinja, {"<|start_header_id|>", "<|eot_id|>"})) {
    if (!Contains(Shape(jinja), "message['content']|trim+'<|eot_id|>'")) return {};
    return NamedFamily{"llama3",
                       Llama3Chat{Contains(jinja, "Cutting Knowledge Date: December 2023")}};
  }
  if (Contains(jinja, "<start_of_turn>")) {
    return NamedFamily{"gemma", GemmaChat{Contains(jinja, "System role not supported")}};
  }
  if (ContainsAll(jinja, {"<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"})) {
    return NamedFamily{"granite", GraniteWithDefault(jinja)};
  }
  if (Contains(jinja, "<|START_OF_TURN_TOKEN|>")) {
    // Others have a preamble of their own, or marks around what is said.
    if (!Contains(Shape(jinja), "content.strip()+'<|END_OF_TURN_TOKEN|>'")) return {};
    return NamedFamily{"command-r", CommandRChat()};
  }
  if (std::optional<NamedFamily> deepseek = RecogniseDeepSeek(jinja)) return deepseek;
  return RecogniseRoleMarks(jinja);
}

}  // namespace dynsplit
