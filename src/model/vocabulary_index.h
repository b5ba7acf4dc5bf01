// A checked Vocabulary with a map from text to id, and what kind each token is.
// Thread safety: immutable after Create.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dynsplit/status.h"
#include "model/vocabulary.h"

namespace dynsplit {

class VocabularyIndex {
 public:
  // Corruption where the vocabulary contradicts itself: no tokens, lists of different lengths, an
  // unknown type, a score that is no number, an id out of range, two tokens with one text, a begin
  // or end token that shall be added and does not exist.
  static Result<VocabularyIndex> Create(Vocabulary vocabulary);

  // The map refers to texts in the vocabulary: it moves with them, it cannot be copied.
  VocabularyIndex(VocabularyIndex&&) = default;
  VocabularyIndex& operator=(VocabularyIndex&&) = default;

  const Vocabulary& vocabulary() const { return vocabulary_; }
  int32_t size() const { return static_cast<int32_t>(vocabulary_.tokens.size()); }
  bool Contains(int32_t id) const { return id >= 0 && id < size(); }

  // The id of the token with this text (the vocabulary's own spelling), or -1.
  int32_t Find(std::string_view text) const;

  // For ids of this vocabulary only.
  const std::string& Text(int32_t id) const { return vocabulary_.tokens[id]; }
  float Score(int32_t id) const { return vocabulary_.scores.empty() ? 0 : vocabulary_.scores[id]; }
  // The file's type, but kControl for names that are known to be control tokens: some files call
  // them normal or user-defined.
  TokenType Type(int32_t id) const { return vocabulary_.types[id]; }
  bool IsEndOfGeneration(int32_t id) const { return ends_generation_[id]; }

 private:
  VocabularyIndex() = default;
  void MarkKnownNames();

  Vocabulary vocabulary_;
  std::unordered_map<std::string_view, int32_t> ids_;
  std::vector<bool> ends_generation_;
};

}  // namespace dynsplit
