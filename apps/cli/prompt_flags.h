// What the model is to read: -f, -p, --raw, --chat-template, --system.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dynsplit/model.h"

namespace dynsplit::cli {

struct PromptFlags {
  std::vector<std::string> files;
  std::optional<std::string> prompt;
  bool raw = false;
  std::string load_session;    // "": none; else what to begin with, in place of files
  bool reread_broken = false;  // files again, where load_session turns out to be broken
  std::string save_session;    // "": nowhere; else where to, what was read of the files
  std::string chat_template;   // "": the model's own
  std::string system;
};

// --chat-template; "" stays where it is not given.
CLI::Option* AddChatTemplateFlag(CLI::App* command, std::string* name_or_file);
// FindTemplate's errors, which are wrong usage; none for "".
Status CheckChatTemplate(const std::string& name_or_file);

// -f, --system, --chat-template and those of sessions, which chat has too.
void AddTextFlags(CLI::App* command, PromptFlags* flags);
// All of them.
void AddPromptFlags(CLI::App* command, PromptFlags* flags);

// CheckChatTemplate's errors; InvalidArgument for texts to read
// besides those of a saved session, but to read them again, or none to save.
Status CheckTextFlags(const PromptFlags& flags);
// The same, and InvalidArgument where there is nothing to read or stdin is to be read
// twice.
Status CheckPromptFlags(const PromptFlags& flags);

// Whether a session that could not be loaded or used because its file is broken is to be made anew,
// and the flags for that: they read the texts and save them in its place. It says so on stderr.
bool ShallReread(const PromptFlags& flags, const Status& status);
PromptFlags RereadFlags(const PromptFlags& flags, const Status& status);

// What the flags name, read but not yet encoded. ReadText's errors.
struct PromptTexts {
  std::vector<std::string> files;
  std::string prompt;
};
Result<PromptTexts> ReadPrompt(const PromptFlags& flags);

// The tokens to read. InvalidArgument where there are none.
struct PromptTokens {
  std::vector<int32_t> texts;  // what a session is saved after; else all is in `prompt`
  std::vector<int32_t> prompt;

  int64_t size() const { return static_cast<int64_t>(texts.size() + prompt.size()); }
};
Result<PromptTokens> EncodePrompt(const PromptFlags& flags, const PromptTexts& texts,
                                  const Model& model);

// The texts of the files as the first user message; "" without files.
std::string FilesMessage(const PromptFlags& flags, const PromptTexts& texts,
                         const std::string& prompt);

}  // namespace dynsplit::cli
