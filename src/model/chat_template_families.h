// Which family of chat templates a Jinja text is of, and the families by name. Any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "model/chat_template_format.h"

namespace dynsplit {

struct NamedFamily {
  std::string_view name;  // static storage
  ChatFamily family;
};

// All families, without default system messages, in the order in which errors list their names.
std::span<const NamedFamily> ChatFamilies();

// The family of a template, with what varies within it. Nothing for a text of no known family, nor
// for one that shares a family's marks and has other rules.
std::optional<NamedFamily> RecogniseChatFamily(std::string_view jinja);

}  // namespace dynsplit
