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
  std::string chat_template;
  std::string system;
};

// -f, --system and --chat-template, which chat has too.
void AddTextFlags(CLI::App* command, PromptFlags* flags);
// All of them.
void AddPromptFlags(CLI::App* command, PromptFlags* flags);

// NotFound, which is wrong usage, for an unknown --chat-template.
Status CheckTextFlags(const PromptFlags& flags);
// The same, and InvalidArgument where there is nothing to read or stdin is to be read
// twice.
Status CheckPromptFlags(const PromptFlags& flags);

// What the flags name, read but not yet encoded. ReadText's errors.
struct PromptTexts {
  std::vector<std::string> files;
  std::string prompt;
};
Result<PromptTexts> ReadPrompt(const PromptFlags& flags);

// The tokens to read. InvalidArgument where there are none.
Result<std::vector<int32_t>> EncodePrompt(const PromptFlags& flags, const PromptTexts& texts,
                                          const Model& model);

// The texts of the files as the first user message; "" without files.
std::string FilesMessage(const PromptFlags& flags, const PromptTexts& texts,
                         const std::string& prompt);

}  // namespace dynsplit::cli
