// Cuts a text into words before byte-level BPE: no merge crosses a word. Each vocabulary was
// trained with its own regular expressions, known by tokenizer.ggml.pre; they run on PCRE2.
// Thread safety: immutable after Create, Split from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit {

class PreTokenizer {
 public:
  // Unsupported, naming it and the known ones, for a name that is not in the table.
  static Result<PreTokenizer> Create(std::string_view name);

  PreTokenizer(PreTokenizer&&) noexcept;
  PreTokenizer& operator=(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  // Where the words of `text` (well-formed UTF-8) end, as byte offsets in ascending order; the
  // last is the text's size. O(n). Internal where PCRE2 gives up.
  Result<std::vector<size_t>> Split(std::string_view text) const;

  // A word that is a token as a whole is taken as that token, whatever the merges say.
  bool ignore_merges() const;
  // Whether the begin token is added where the file does not say.
  bool adds_bos() const;

 private:
  struct Impl;
  explicit PreTokenizer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace dynsplit
