// Byte-level BPE (GPT-2 and its descendants): words from the pre-tokenizer, each a run of byte
// tokens that merge by rank. Thread safety: immutable after Create.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dynsplit/status.h"
#include "model/bpe_merge.h"
#include "model/pre_tokenizer.h"
#include "model/vocabulary_index.h"

namespace dynsplit {

class ByteLevelBpe {
 public:
  // `index` must outlive the result. Corruption: no merges, a merge that is not "left right" or
  // whose sides or result are no tokens, no token for any byte. Unsupported: the pre-tokenizer.
  static Result<ByteLevelBpe> Create(const VocabularyIndex& index);

  // Appends the ids of `text` (any bytes; ill-formed UTF-8 as in utf8.h, ReadLeniently).
  // A byte without a token is dropped. O(n log n). At most 2^31 - 1 bytes.
  Status Encode(std::string_view text, std::vector<int32_t>* ids) const;

  bool adds_bos() const { return pre_tokenizer_.adds_bos(); }

 private:
  struct Scratch {
    std::vector<Symbol> symbols;
    std::vector<MergeCandidate> heap;
  };

  ByteLevelBpe(const VocabularyIndex& index, PreTokenizer pre_tokenizer)
      : index_(&index), pre_tokenizer_(std::move(pre_tokenizer)) {}
  Status ReadBytes();
  Status ReadMerges();
  void EncodeWord(std::string_view word, Scratch* scratch, std::vector<int32_t>* ids) const;

  const VocabularyIndex* index_;
  PreTokenizer pre_tokenizer_;
  std::array<int32_t, 256> byte_tokens_;
  std::unordered_map<uint64_t, Merge> merges_;  // by (left id << 32 | right id)
};

}  // namespace dynsplit
