#include "apps/cli/prompt_flags.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "apps/cli/flags.h"
#include "apps/cli/text_input.h"
#include "apps/common/chat_prompt.h"
#include "apps/common/figures.h"
#include "dynsplit/session.h"

namespace dynsplit::cli {
namespace {

using Tokens = Result<std::vector<int32_t>>;

std::string Joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += text;
  return all;
}

// As the model's template has it.
Tokens EncodeTexts(const PromptFlags& flags, const PromptTexts& texts, const Model& model,
                   const ChatTemplate& chat_template) {
  const Tokenizer& tokenizer = model.tokenizer();
  std::vector<ChatMessage> messages;
  if (!flags.system.empty()) messages.push_back({"system", flags.system});
  if (!flags.save_session.empty()) {
    return EncodeBeginning(chat_template, tokenizer, std::move(messages),
                           FilesMessage(flags, texts, ""));
  }
  messages.push_back({"user", FilesMessage(flags, texts, texts.prompt)});
  const auto parts = RenderParts(chat_template, messages);
  if (!parts.ok()) return parts.status();
  return EncodeParts(tokenizer, *parts, /*whole=*/true);
}

// Of a prompt that goes on where a session stands.
bool GoesOn(const PromptFlags& flags) {
  return !flags.load_session.empty() || !flags.save_session.empty();
}

}  // namespace

CLI::Option* AddChatTemplateFlag(CLI::App* command, std::string* name_or_file) {
  return command
      ->add_option("--chat-template", *name_or_file,
                   "Instead of the model's own, a file with its Jinja text, or one of " +
                       ChatTemplate::Names())
      ->type_name("NAME|FILE");
}

Status CheckChatTemplate(const std::string& name_or_file) {
  return name_or_file.empty() ? Status() : FindTemplate(name_or_file).status();
}

void AddTextFlags(CLI::App* command, PromptFlags* flags) {
  command->add_option("-f,--file", flags->files, "A text to read; may be repeated; - is stdin")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command->add_option("--system", flags->system, "A system message")->type_name("TEXT");
  AddChatTemplateFlag(command, &flags->chat_template);
  command
      ->add_option("--save-session", flags->save_session,
                   "Where to save what was read of the texts, for other questions")
      ->check(CLI::Validator(IsNotEmpty, ""))
      ->type_name("FILE");
  command
      ->add_option("--load-session", flags->load_session,
                   "What to begin with in place of texts: a saved session")
      ->check(CLI::Validator(IsNotEmpty, ""))
      ->type_name("FILE");
  command
      ->add_option_function<std::string>(
          "--on-broken-session",
          [flags](const std::string& how) { flags->reread_broken = how == "reread"; },
          "Where the session's file is broken: fail, or reread the texts of -f and save them anew")
      ->check(CLI::IsMember({"fail", "reread"}))
      ->default_str("fail")
      ->type_name("HOW");
}

void AddPromptFlags(CLI::App* command, PromptFlags* flags) {
  command->add_option("-p,--prompt", flags->prompt, "What to ask or to continue; - is stdin")
      ->type_name("PROMPT");
  AddTextFlags(command, flags);
  command->add_flag("--raw", flags->raw, "No chat template: continue the texts as they stand");
}

Status CheckTextFlags(const PromptFlags& flags) {
  if (!flags.load_session.empty() && !flags.save_session.empty()) {
    return InvalidArgument("--load-session and --save-session exclude each other");
  }
  if (flags.reread_broken && (flags.load_session.empty() || flags.files.empty())) {
    return InvalidArgument(
        "--on-broken-session reread needs --load-session FILE and its texts, -f FILE");
  }
  const bool has_texts = !flags.files.empty() || !flags.system.empty();
  if (!flags.load_session.empty() && has_texts && !flags.reread_broken) {
    return InvalidArgument(
        "--load-session has read its texts: it goes with neither -f nor --system "
        "(but see --on-broken-session)");
  }
  if (!flags.save_session.empty() && flags.files.empty()) {
    return InvalidArgument("--save-session has nothing to save: give -f FILE");
  }
  return CheckChatTemplate(flags.chat_template);
}

Status CheckPromptFlags(const PromptFlags& flags) {
  const bool goes_on = !flags.load_session.empty();
  if (!goes_on && flags.files.empty() && !flags.prompt) {
    return InvalidArgument("nothing to read: give -p PROMPT, -f FILE or both");
  }
  const auto from_stdin = std::count(flags.files.begin(), flags.files.end(), "-");
  if (from_stdin + (flags.prompt == "-" ? 1 : 0) > 1) {
    return InvalidArgument("stdin (-) can be read only once");
  }
  if (flags.raw && !(flags.system.empty() && flags.chat_template.empty())) {
    return InvalidArgument("--raw has no use for --system and --chat-template");
  }
  DYNSPLIT_RETURN_IF_ERROR(CheckTextFlags(flags));
  if (goes_on && !flags.prompt) return InvalidArgument("nothing to answer: give -p PROMPT");
  return {};
}

bool ShallReread(const PromptFlags& flags, const Status& status) {
  // Errors of a file begin with its name; the page file's are not the session's.
  const bool broken =
      status.code() == StatusCode::kCorruption ||
      (status.code() == StatusCode::kIoError && status.message().starts_with(flags.load_session));
  // What never was a session is not replaced by one.
  return flags.reread_broken && broken && Session::CheckSave(flags.load_session).ok();
}

PromptFlags RereadFlags(const PromptFlags& flags, const Status& status) {
  PrintToStderr(status.ToString() + "\nReading the texts again, and saving the session anew.\n");
  PromptFlags reread = flags;
  reread.save_session = std::exchange(reread.load_session, "");
  reread.reread_broken = false;
  return reread;
}

Result<PromptTexts> ReadPrompt(const PromptFlags& flags) {
  PromptTexts texts;
  if (!flags.save_session.empty()) {
    DYNSPLIT_RETURN_IF_ERROR(Session::CheckSave(flags.save_session));
  }
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

Result<PromptTokens> EncodePrompt(const PromptFlags& flags, const PromptTexts& texts,
                                  const Model& model) {
  const Tokenizer& tokenizer = model.tokenizer();
  const bool has_texts = flags.load_session.empty();
  const bool has_question = GoesOn(flags) && flags.prompt.has_value();
  Tokens first(std::vector<int32_t>{}), question(std::vector<int32_t>{});
  if (flags.raw) {
    if (has_texts) {
      first = tokenizer.Encode(Joined(texts.files) + (GoesOn(flags) ? "" : texts.prompt));
    }
    if (has_question) question = tokenizer.Encode(texts.prompt, {.add_special = false});
  } else {
    const Result<ChatTemplate> chat_template = ChooseTemplate(model, flags.chat_template);
    if (!chat_template.ok()) return chat_template.status();
    if (has_texts) first = EncodeTexts(flags, texts, model, *chat_template);
    if (has_question) question = EncodeQuestion(*chat_template, tokenizer, texts.prompt);
  }
  for (const Tokens* tokens : {&first, &question}) {
    if (!tokens->ok()) return tokens->status();
  }
  PromptTokens all;
  (GoesOn(flags) ? all.texts : all.prompt) = *std::move(first);
  if (has_question) all.prompt = *std::move(question);
  if (all.size() == 0) return InvalidArgument("the prompt is empty");
  return all;
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
