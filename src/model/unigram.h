// SentencePiece's unigram model (tokenizer.ggml.model "t5"): the text is normalised, and of all
// ways to write it in pieces the one with the highest sum of scores is taken, by Viterbi's
// algorithm. What no piece covers is the unknown token, once for a run of such characters. Thread
// safety: immutable after Create.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dynsplit/status.h"
#include "model/charsmap.h"
#include "model/piece_trie.h"
#include "model/vocabulary_index.h"

namespace dynsplit {

class Unigram {
 public:
  // `index` must outlive the result. Corruption: no scores, no unknown token, and Charsmap's.
  static Result<Unigram> Create(const VocabularyIndex& index);

  // Appends the ids of `text` (any bytes; ill-formed UTF-8 is read as U+FFFD, a byte each).
  // O(n) for pieces of bounded length; 24 bytes of memory for each byte. Corruption of the charsmap
  // may show up only here.
  Status Encode(std::string_view text, std::vector<int32_t>* ids) const;

 private:
  // The best way to write a text up to a place: its last piece, where that begins, the sum.
  struct Step {
    int32_t token = -1;
    uint32_t begin = 0;
    double score = -std::numeric_limits<double>::max();
  };

  Unigram(const VocabularyIndex& index, Charsmap charsmap)
      : index_(&index), charsmap_(std::move(charsmap)) {}
  void AddPieces();
  Result<std::string> Normalise(std::string_view text) const;
  size_t UserDefinedBeginning(std::string_view text) const;
  // By where the last piece ends, [text.size() + 1].
  std::vector<Step> BestSteps(std::string_view text) const;

  const VocabularyIndex* index_;
  Charsmap charsmap_;
  PieceTrie pieces_;
  PieceTrie user_defined_;
  int32_t unknown_ = -1;
  double unknown_score_ = 0;
};

}  // namespace dynsplit
