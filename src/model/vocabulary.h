// What a GGUF file says about its tokens, as it stands in the file (keys tokenizer.ggml.* and
// tokenizer.chat_template of ggml's docs/gguf.md). A plain value: nothing here is checked but
// types; Tokenizer::Create checks that the parts agree. Thread safety: as its members.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dynsplit {

// The values of tokenizer.ggml.token_type. Another value is refused by Tokenizer::Create.
enum class TokenType : int32_t {
  kUndefined = 0,
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,      // a special token; part of a text only where the caller asks for it
  kUserDefined = 4,  // matched in every text, before anything else
  kUnused = 5,
  kByte = 6,  // "<0xNN>" in SentencePiece-style vocabularies
};

struct Vocabulary {
  // tokenizer.ggml.model: "gpt2" (byte-level BPE), "llama" (SentencePiece) or "t5" (SentencePiece's
  // unigram)
  std::string model;
  std::string pre;  // tokenizer.ggml.pre, "" where the key is missing: "smollm", "qwen2", ...

  std::vector<std::string> tokens;  // tokenizer.ggml.tokens, unchanged bytes, by id
  std::vector<float> scores;        // tokenizer.ggml.scores; empty where the key is missing
  std::vector<TokenType> types;     // tokenizer.ggml.token_type; empty: all kNormal
  std::vector<std::string> merges;  // tokenizer.ggml.merges, "left right", best first

  // tokenizer.ggml.{bos,eos,eot,eom,unknown,padding}_token_id; -1: the key is missing.
  int64_t bos = -1;
  int64_t eos = -1;
  int64_t eot = -1;
  int64_t eom = -1;
  int64_t unk = -1;
  int64_t pad = -1;

  // tokenizer.ggml.{add_bos_token,add_eos_token,add_space_prefix,remove_extra_whitespaces}: -1
  // where the key is missing (the tokenizer then takes the default of its kind), else 0 or 1.
  int add_bos = -1;
  int add_eos = -1;
  int add_space_prefix = -1;
  int merge_spaces = -1;

  std::vector<uint8_t> charsmap;  // tokenizer.ggml.precompiled_charsmap; empty where it is missing
  std::string model_name;         // general.name, by which Phi-3's special tokens are known

  std::string chat_template;  // tokenizer.chat_template (Jinja); "" where the key is missing
};

}  // namespace dynsplit
