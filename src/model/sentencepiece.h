// SentencePiece-style tokenizing (tokenizer.ggml.model "llama"; Llama 2, Mistral, Gemma): the
// whole text at once, spaces written as U+2581, neighbours merged where the joined text is a token,
// highest score first; what is no token at the end is written as byte tokens.
// Thread safety: immutable after Create.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"
#include "model/vocabulary_index.h"

namespace dynsplit {

class SentencePiece {
 public:
  // `index` must outlive the result. Corruption: no scores, a byte token that is not "<0xNN>", a
  // byte that neither a byte token, nor a token of just that byte, nor the unknown token covers.
  static Result<SentencePiece> Create(const VocabularyIndex& index);

  // Appends the ids of `text` (any bytes), with a space put before it where `prefix_space`.
  // O(n log n). At most 2^29 bytes.
  void Encode(std::string_view text, bool prefix_space, std::vector<int32_t>* ids) const;

  // The byte of a token "<0xNN>" (upper-case digits), or -1.
  static int ParseByteToken(std::string_view text);

 private:
  explicit SentencePiece(const VocabularyIndex& index) : index_(&index) {}
  Status ReadBytes();

  const VocabularyIndex* index_;
  std::array<int32_t, 256> byte_tokens_;
  size_t longest_ = 0;  // bytes of the longest token
};

// What a space is in the texts of pieces: U+2581.
inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";
// ' ' <-> U+2581 throughout.
std::string EscapeSpaces(std::string_view text);
std::string UnescapeSpaces(std::string_view text);

}  // namespace dynsplit
