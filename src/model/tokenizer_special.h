// Finds the tokens that are matched before any merging: user-defined ones always, control and
// unknown ones where the caller asks. Thread safety: immutable after construction.
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/vocabulary_index.h"

namespace dynsplit {

class SpecialTokens {
 public:
  // A stretch text[begin, end): a special token, or (token -1) ordinary text.
  struct Fragment {
    size_t begin;
    size_t end;
    int32_t token;
  };

  // `index` must outlive this.
  explicit SpecialTokens(const VocabularyIndex& index);

  // The fragments of `text`, in order. A longer token wins over a shorter one
  // wherever they stand, equally long ones from left to right (libllama's order). O(n) for each
  // distinct length of a special token. Nothing for an empty text. Where a token takes the white
  // space behind it, that is in no fragment.
  std::vector<Fragment> Cut(std::string_view text, bool parse_special) const;

 private:
  // All special tokens of one length; the bitsets rule out nearly every position of a text.
  struct LengthClass {
    size_t length;
    std::bitset<256> first;
    std::bitset<256> last;
  };

  static bool IsSpecial(TokenType type, bool with_control);
  bool TakesSpaces(int32_t token) const;
  std::vector<LengthClass> Classes(bool with_control) const;
  void CutText(std::string_view text, const LengthClass& wanted, bool with_control, Fragment rest,
               std::vector<Fragment>* out) const;

  const VocabularyIndex* index_;
  bool is_phi3_;
  std::vector<LengthClass> user_defined_;  // longest first
  std::vector<LengthClass> all_;           // longest first
};

}  // namespace dynsplit
