#include "model/vocabulary_index.h"

#include <cmath>
#include <limits>
#include <utility>

namespace dynsplit {
namespace {

Status Bad(const std::string& what) { return Corruption("vocabulary: " + what); }

Status CheckLists(const Vocabulary& v) {
  const size_t n = v.tokens.size();
  if (n == 0) return Bad("it has no tokens");
  if (n > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return Bad(std::to_string(n) + " tokens; ids are 32 bits wide");
  }
  const auto check = [n](const char* name, size_t got) -> Status {
    if (got == 0 || got == n) return {};
    return Bad(std::to_string(got) + " " + name + " for " + std::to_string(n) + " tokens");
  };
  DYNSPLIT_RETURN_IF_ERROR(check("scores", v.scores.size()));
  DYNSPLIT_RETURN_IF_ERROR(check("types", v.types.size()));
  for (size_t i = 0; i < v.scores.size(); ++i) {
    if (!std::isfinite(v.scores[i])) {
      return Bad("the score of token " + std::to_string(i) + " is not finite");
    }
  }
  for (size_t i = 0; i < v.types.size(); ++i) {
    const auto type = static_cast<int32_t>(v.types[i]);
    if (type < 0 || type > static_cast<int32_t>(TokenType::kByte)) {
      return Bad("token " + std::to_string(i) + " has type " + std::to_string(type) +
                 ", wanted 0..6");
    }
  }
  return {};
}

Status CheckIds(const Vocabulary& v) {
  const std::pair<const char*, int64_t> ids[] = {{"bos", v.bos},     {"eos", v.eos},
                                                 {"eot", v.eot},     {"eom", v.eom},
                                                 {"unknown", v.unk}, {"padding", v.pad}};
  const auto size = static_cast<int64_t>(v.tokens.size());
  for (const auto& [name, id] : ids) {
    if (id < -1 || id >= size) {
      return Bad(std::string("the ") + name + " token is " + std::to_string(id) +
                 ", wanted below " + std::to_string(size));
    }
  }
  if (v.add_bos == 1 && v.bos < 0) return Bad("add_bos_token is set, but there is no bos token");
  if (v.add_eos == 1 && v.eos < 0) return Bad("add_eos_token is set, but there is no eos token");
  return {};
}

struct KnownName {
  std::string_view text;
  bool ends_generation;
};

// Control tokens by name: GGUF has no key for most, and files disagree on their types. The names
// are those that libllama knows (src/llama-vocab.cpp) of the families that this engine reads.
constexpr KnownName kKnownNames[] = {
    {"<|im_end|>", true},
    {"<|endoftext|>", true},
    {"<|eot_id|>", true},
    {"<|eom_id|>", true},
    {"<|end_of_text|>", true},
    {"<|end|>", true},
    {"<end_of_turn>", true},
    {"</s>", true},
    {"<eos>", true},
    {"<EOT>", true},
    {"[EOT]", true},
    {"[EOS]", true},
    {"<|fim_pad|>", true},
    {"<|repo_name|>", true},
    {"<reponame>", true},
    {"<|file_sep|>", true},
    {"<fim_pad>", true},
    {"<｜end▁of▁sentence｜>", true},
    {"<|fim_prefix|>", false},
    {"<|fim_suffix|>", false},
    {"<|fim_middle|>", false},
    {"<fim_prefix>", false},
    {"<fim_suffix>", false},
    {"<fim_middle>", false},
    {"<｜fim▁begin｜>", false},
    {"<｜fim▁hole｜>", false},
    {"<｜fim▁end｜>", false},
};

}  // namespace

Result<VocabularyIndex> VocabularyIndex::Create(Vocabulary vocabulary) {
  DYNSPLIT_RETURN_IF_ERROR(CheckLists(vocabulary));
  DYNSPLIT_RETURN_IF_ERROR(CheckIds(vocabulary));
  VocabularyIndex index;
  index.vocabulary_ = std::move(vocabulary);
  Vocabulary& v = index.vocabulary_;
  v.types.resize(v.tokens.size(), TokenType::kNormal);
  index.ids_.reserve(v.tokens.size());
  for (int32_t id = 0; id < index.size(); ++id) {
    if (v.tokens[id].empty()) continue;  // stands for nothing, is found by nothing
    const auto [it, is_new] = index.ids_.emplace(v.tokens[id], id);
    if (!is_new) {
      return Bad("tokens " + std::to_string(it->second) + " and " + std::to_string(id) +
                 " have the same text");
    }
  }
  index.MarkKnownNames();
  return index;
}

int32_t VocabularyIndex::Find(std::string_view text) const {
  const auto it = ids_.find(text);
  return it == ids_.end() ? -1 : it->second;
}

void VocabularyIndex::MarkKnownNames() {
  ends_generation_.assign(vocabulary_.tokens.size(), false);
  for (const KnownName& name : kKnownNames) {
    const int32_t id = Find(name.text);
    if (id < 0) continue;
    vocabulary_.types[id] = TokenType::kControl;
    ends_generation_[id] = name.ends_generation;
  }
  for (const int64_t id : {vocabulary_.eos, vocabulary_.eot, vocabulary_.eom}) {
    if (id >= 0) ends_generation_[id] = true;
  }
}

}  // namespace dynsplit
