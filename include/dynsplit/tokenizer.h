// Text to token ids and back, for the vocabularies that GGUF files carry: byte-level BPE
// (tokenizer.ggml.model "gpt2"), SentencePiece-style ("llama") and SentencePiece's unigram ("t5").
// Ids equal libllama's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit {

struct Vocabulary;

struct EncodeOptions {
  // Adds the vocabulary's begin token where it asks for one. Leave it on for whole prompts, off for
  // pieces.
  bool add_special = true;
  // Adds its end token where it asks for one (add_eos_token). Only for texts that nothing follows:
  // behind a prompt the model would take it for the end of what it is to go on with.
  bool add_end = false;
  // Reads the text of control tokens ("<|im_start|>") as those tokens. Only for text that the
  // program itself wrote, such as a rendered chat template: in a user's text it lets the text
  // forge turns.
  bool parse_special = false;
};

// Immutable after Create; every method may be called from several threads at once.
class Tokenizer {
 public:
  // Takes what the file says and checks that it agrees with itself. Corruption where it does not
  // (no tokens, duplicate tokens, a merge of unknown tokens, bytes that no token can stand for,
  // ...); Unsupported, naming it, for an unknown model or pre-tokenizer. A special token's id that
  // no token has is as good as none. Costs about 0.3 us and 150 bytes per token and merge.
  static Result<std::shared_ptr<const Tokenizer>> Create(Vocabulary vocabulary);

  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  // The ids of `text`, which may be any bytes. Byte-level BPE reads ill-formed UTF-8 as U+FFFD,
  // and drops a byte that the vocabulary has no token for (SmolLM2's lacks 21, e.g. 0x04).
  // SentencePiece-style vocabularies read U+2581 as a space; their byte tokens keep ill-formed
  // bytes. Unigram ones normalise the text and read an ill-formed byte as U+FFFD. O(n log n) in the
  // length of the text. ResourceExhausted above 512 MiB.
  Result<std::vector<int32_t>> Encode(std::string_view text,
                                      const EncodeOptions& options = {}) const;

  // The bytes that a token stands for; possibly not a whole character. Control and unknown tokens
  // give their name where `show_control` is set, else nothing, as do unused tokens and an id out
  // of range. Valid as long as the tokenizer.
  std::string_view TokenBytes(int32_t id, bool show_control = false) const;
  // TokenBytes of all, joined. The space that a SentencePiece-style vocabulary puts before a text
  // is not taken away again.
  std::string Decode(std::span<const int32_t> ids, bool show_control = false) const;

  int32_t size() const;  // ids are 0..size() - 1
  int32_t bos() const;   // begin of sequence; -1: none, as for all of these
  int32_t eos() const;   // end of sequence
  int32_t eot() const;   // end of turn
  int32_t unk() const;
  int32_t pad() const;
  bool adds_bos() const;  // whether add_special puts bos() first

  // Whether a model that writes this token has finished: eos, eot, eom, and tokens whose name is
  // known to mean it ("<|im_end|>").
  bool IsEndOfGeneration(int32_t id) const;
  bool IsControl(int32_t id) const;  // control or unknown: not part of any text
  bool IsUnused(int32_t id) const;   // a filler that no text gives
  // The control or user-defined token of that name, or -1.
  int32_t FindSpecial(std::string_view name) const;

  // The Jinja text of the file's chat template, "" where it has none.
  const std::string& chat_template() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// Makes well-formed UTF-8 of a stream of bytes, such as that of tokens. Keeps at most 3 bytes of a
// character that may still be completed. What cannot become well-formed turns into U+FFFD at once,
// one per maximal ill-formed part (Unicode 15, section 3.9, "Substitution of Maximal Subparts").
// Order of calls: (Append* Finish)*. One thread at a time.
class Utf8Stream {
 public:
  // The characters that `bytes` completes.
  std::string Append(std::string_view bytes);
  // U+FFFD where an incomplete character is left, else nothing. The stream is then as new.
  std::string Finish();

 private:
  std::string pending_;
};

}  // namespace dynsplit
