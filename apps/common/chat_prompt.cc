#include "apps/common/chat_prompt.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace dynsplit {
namespace {

constexpr uintmax_t kMostTemplateBytes = 1 << 20;  // those of models have up to 20 KB

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
  return chat_template.RenderParts(messages, /*add_generation_prompt=*/true);
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

Result<ChatTemplate> FindTemplate(const std::string& name_or_file) {
  Result<ChatTemplate> named = ChatTemplate::Named(name_or_file);
  std::error_code error;
  if (named.ok() || !std::filesystem::is_regular_file(name_or_file, error)) return named;
  const auto size_bytes = std::filesystem::file_size(name_or_file, error);
  if (!error && size_bytes > kMostTemplateBytes) {
    return InvalidArgument(name_or_file + ": got " + std::to_string(size_bytes) +
                           " bytes, wanted a chat template of at most " +
                           std::to_string(kMostTemplateBytes));
  }
  std::ifstream file(name_or_file, std::ios::binary);
  const std::string jinja{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || !file.is_open()) return IoError(name_or_file + ": cannot be read");
  Result<ChatTemplate> read = ChatTemplate::Recognise(jinja);
  if (read.ok()) return read;
  return Unsupported(name_or_file +
                     ": a chat template of no known family; known: " + ChatTemplate::Names());
}

Result<ChatTemplate> ChooseTemplate(const Model& model, const std::string& name_or_file) {
  return name_or_file.empty() ? model.chat_template() : FindTemplate(name_or_file);
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
