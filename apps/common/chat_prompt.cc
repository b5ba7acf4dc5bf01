#include "apps/common/chat_prompt.h"

#include <algorithm>
#include <utility>

namespace dynsplit {
namespace {

// What Jinja's trim takes away in ASCII.
constexpr std::string_view kWhitespace = " \t\n\r\f\v\x1c\x1d\x1e\x1f";
constexpr char kMark = '\x01';  // no template has it, and it is no whitespace

// What a message says without the whitespace around it, which a template may cut.
std::string_view Core(std::string_view text) {
  const size_t first = text.find_first_not_of(kWhitespace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhitespace) + 1 - first);
}

// "  text\n" to "  <mark>idx<mark>\n".
std::string WithMark(const std::string& text, size_t idx) {
  const std::string_view core = Core(text);
  if (core.empty()) return text;
  const size_t first = static_cast<size_t>(core.data() - text.data());
  return text.substr(0, first) + kMark + std::to_string(idx) + kMark +
         text.substr(first + core.size());
}

void AddPart(std::string_view text, int message_idx, std::vector<PromptPart>* parts) {
  if (!text.empty()) parts->push_back({std::string(text), message_idx});
}

Result<bool> NamesSpecialTokens(const Tokenizer& tokenizer, const std::string& text) {
  const auto plain = tokenizer.Encode(text, {.add_special = false, .parse_special = false});
  if (!plain.ok()) return plain.status();
  const auto parsed = tokenizer.Encode(text, {.add_special = false, .parse_special = true});
  if (!parsed.ok()) return parsed.status();
  return *plain != *parsed;
}

Result<std::vector<int32_t>> EncodeOneByOne(const Tokenizer& tokenizer,
                                            std::span<const PromptPart> parts, bool whole) {
  std::vector<int32_t> all;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto ids = tokenizer.Encode(
        parts[i].text, {.add_special = whole && i == 0, .parse_special = parts[i].message_idx < 0});
    if (!ids.ok()) return ids.status();
    all.insert(all.end(), ids->begin(), ids->end());
  }
  return all;
}

}  // namespace

Result<std::vector<PromptPart>> RenderParts(const ChatTemplate& chat_template,
                                            std::span<const ChatMessage> messages) {
  std::vector<ChatMessage> marked(messages.begin(), messages.end());
  for (size_t i = 0; i < marked.size(); ++i) {
    marked[i].content = WithMark(messages[i].content, i);
  }
  const Result<std::string> rendered = chat_template.Render(marked, true);
  if (!rendered.ok()) return rendered.status();
  std::vector<PromptPart> parts;
  std::string_view left = *rendered;
  for (size_t mark = left.find(kMark); mark != std::string_view::npos; mark = left.find(kMark)) {
    const size_t end = left.find(kMark, mark + 1);
    const size_t idx = std::stoul(std::string(left.substr(mark + 1, end - mark - 1)));
    AddPart(left.substr(0, mark), -1, &parts);
    AddPart(Core(messages[idx].content), static_cast<int>(idx), &parts);
    left.remove_prefix(end + 1);
  }
  AddPart(left, -1, &parts);
  return parts;
}

Result<std::vector<int32_t>> EncodeParts(const Tokenizer& tokenizer,
                                         std::span<const PromptPart> parts, bool whole) {
  std::string joined;
  for (const PromptPart& part : parts) {
    joined += part.text;
    if (part.message_idx < 0) continue;
    const Result<bool> names = NamesSpecialTokens(tokenizer, part.text);
    if (!names.ok()) return names.status();
    if (*names) return EncodeOneByOne(tokenizer, parts, whole);
  }
  return tokenizer.Encode(joined, {.add_special = whole, .parse_special = true});
}

Result<std::vector<int32_t>> EncodeBeginning(const ChatTemplate& chat_template,
                                             const Tokenizer& tokenizer,
                                             std::vector<ChatMessage> messages,
                                             const std::string& beginning) {
  // The message as it will begin; the stand-in for the question is taken off again.
  messages.push_back({"user", beginning + "?"});
  auto parts = RenderParts(chat_template, messages);
  if (!parts.ok()) return parts.status();
  while (parts->back().message_idx != static_cast<int>(messages.size()) - 1) parts->pop_back();
  parts->back().text.pop_back();
  return EncodeParts(tokenizer, *parts, /*whole=*/true);
}

Result<std::vector<int32_t>> EncodeQuestion(const ChatTemplate& chat_template,
                                            const Tokenizer& tokenizer,
                                            const std::string& question) {
  const std::vector<ChatMessage> messages = {{"user", question}};
  const auto parts = RenderParts(chat_template, messages);
  if (!parts.ok()) return parts.status();
  const auto asked = std::find_if(parts->begin(), parts->end(),
                                  [](const PromptPart& part) { return part.message_idx == 0; });
  if (asked == parts->end()) return InvalidArgument("the question is empty");
  return EncodeParts(tokenizer, {asked, parts->end()}, /*whole=*/false);
}

Result<ChatTemplate> ChooseTemplate(const Model& model, const std::string& name) {
  return name.empty() ? model.chat_template() : ChatTemplate::Named(name);
}

std::string UserMessage(std::span<const NamedText> files, const std::string& prompt) {
  std::string message;
  for (const NamedText& file : files) {
    message += "Text of " + file.name + ":\n\n" + file.text;
    message += file.text.ends_with('\n') ? "\n" : "\n\n";
  }
  return message + prompt;
}

}  // namespace dynsplit
