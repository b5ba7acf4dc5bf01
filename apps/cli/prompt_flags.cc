#include "apps/cli/prompt_flags.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "apps/cli/text_input.h"
#include "apps/common/chat_prompt.h"

namespace dynsplit::cli {
namespace {

Result<std::vector<int32_t>> EncodeRaw(const PromptTexts& texts, const Tokenizer& tokenizer) {
  std::string all;
  for (const std::string& file : texts.files) all += file;
  return tokenizer.Encode(all + texts.prompt);
}

}  // namespace

void AddTextFlags(CLI::App* command, PromptFlags* flags) {
  command->add_option("-f,--file", flags->files, "A text to read; may be repeated; - is stdin")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command->add_option("--system", flags->system, "A system message")->type_name("TEXT");
  command
      ->add_option("--chat-template", flags->chat_template,
                   "Instead of the model's own: chatml, llama2, llama3, mistral, gemma")
      ->type_name("NAME");
}

void AddPromptFlags(CLI::App* command, PromptFlags* flags) {
  command->add_option("-p,--prompt", flags->prompt, "What to ask or to continue; - is stdin")
      ->type_name("PROMPT");
  AddTextFlags(command, flags);
  command->add_flag("--raw", flags->raw, "No chat template: continue the texts as they stand");
}

Status CheckTextFlags(const PromptFlags& flags) {
  if (flags.chat_template.empty()) return {};
  return ChatTemplate::Named(flags.chat_template).status();
}

Status CheckPromptFlags(const PromptFlags& flags) {
  if (flags.files.empty() && !flags.prompt) {
    return InvalidArgument("nothing to read: give -p PROMPT, -f FILE or both");
  }
  const auto from_stdin = std::count(flags.files.begin(), flags.files.end(), "-");
  if (from_stdin + (flags.prompt == "-" ? 1 : 0) > 1) {
    return InvalidArgument("stdin (-) can be read only once");
  }
  if (flags.raw && !(flags.system.empty() && flags.chat_template.empty())) {
    return InvalidArgument("--raw has no use for --system and --chat-template");
  }
  return CheckTextFlags(flags);
}

Result<PromptTexts> ReadPrompt(const PromptFlags& flags) {
  PromptTexts texts;
  for (const std::string& path : flags.files) {
    Result<std::string> text = ReadText(path);
    if (!text.ok()) return text.status();
    texts.files.push_back(*std::move(text));
  }
  texts.prompt = flags.prompt.value_or("");
  if (texts.prompt == "-") {
    Result<std::string> text = ReadText("-");
    if (!text.ok()) return text.status();
    texts.prompt = *std::move(text);
  }
  return texts;
}

Result<std::vector<int32_t>> EncodePrompt(const PromptFlags& flags, const PromptTexts& texts,
                                          const Model& model) {
  Result<std::vector<int32_t>> tokens(std::vector<int32_t>{});
  if (flags.raw) {
    tokens = EncodeRaw(texts, model.tokenizer());
  } else {
    const Result<ChatTemplate> chat_template = ChooseTemplate(model, flags.chat_template);
    if (!chat_template.ok()) return chat_template.status();
    std::vector<ChatMessage> messages;
    if (!flags.system.empty()) messages.push_back({"system", flags.system});
    messages.push_back({"user", FilesMessage(flags, texts, texts.prompt)});
    const auto parts = RenderParts(*chat_template, messages);
    if (!parts.ok()) return parts.status();
    tokens = EncodeParts(model.tokenizer(), *parts, /*whole=*/true);
  }
  if (tokens.ok() && tokens->empty()) return InvalidArgument("the prompt is empty");
  return tokens;
}

std::string FilesMessage(const PromptFlags& flags, const PromptTexts& texts,
                         const std::string& prompt) {
  std::vector<NamedText> files;
  for (size_t i = 0; i < texts.files.size(); ++i) {
    const std::string& path = flags.files[i];
    files.push_back(
        {path == "-" ? "stdin" : std::filesystem::path(path).filename().string(), texts.files[i]});
  }
  return UserMessage(files, prompt);
}

}  // namespace dynsplit::cli
