#include "apps/eval/tasks/generated/token_count.h"

#include <string>

namespace dynsplit::eval {

Result<int64_t> CountPart(std::string_view part, const Tokenizer& tokenizer) {
  // With the newline before it, since SentencePiece-style vocabularies put a space before a text.
  constexpr std::string_view kBefore = "\n";
  const auto before = tokenizer.Encode(kBefore, {.add_special = false});
  if (!before.ok()) return before.status();
  const auto both = tokenizer.Encode(std::string(kBefore).append(part), {.add_special = false});
  if (!both.ok()) return both.status();
  return static_cast<int64_t>(both->size()) - static_cast<int64_t>(before->size());
}

}  // namespace dynsplit::eval
