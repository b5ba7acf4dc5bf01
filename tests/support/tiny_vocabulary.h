// Hand-made vocabularies, small enough to check ids by eye.
#pragma once

#include <string>

#include "model/bpe_alphabet.h"
#include "model/vocabulary.h"

namespace dynsplit::testing {

inline void AddToken(Vocabulary* v, std::string text, TokenType type = TokenType::kNormal,
                     float score = 0) {
  v->tokens.push_back(std::move(text));
  v->types.push_back(type);
  if (v->model != "gpt2") v->scores.push_back(score);
}

// Byte-level BPE: id = byte for 0..255, then what the merges give, then special tokens.
inline Vocabulary TinyBpe(const std::string& pre = "gpt-2") {
  Vocabulary v;
  v.model = "gpt2";
  v.pre = pre;
  for (int byte = 0; byte < 256; ++byte) {
    AddToken(&v, std::string(ByteSymbol(static_cast<uint8_t>(byte))));
  }
  v.merges = {"h e", "l l", "he ll", "hell o", "Ġ w", "Ġw o", "1 2"};
  for (const char* merged : {"he", "ll", "hell", "hello", "Ġw", "Ġwo", "12"}) {
    AddToken(&v, merged);  // 256..262
  }
  AddToken(&v, "<|im_start|>", TokenType::kControl);      // 263
  AddToken(&v, "<|im_end|>", TokenType::kControl);        // 264
  AddToken(&v, "<tool>", TokenType::kUserDefined);        // 265
  AddToken(&v, "<tool><tool>", TokenType::kUserDefined);  // 266
  AddToken(&v, "[PAD267]", TokenType::kUnused);           // 267
  v.bos = 263;
  v.eos = 264;
  return v;
}

// SentencePiece-style: <unk> <s> </s>, byte b is id 3 + b, then pieces with scores.
inline Vocabulary TinySentencePiece() {
  Vocabulary v;
  v.model = "llama";
  AddToken(&v, "<unk>", TokenType::kUnknown);
  AddToken(&v, "<s>", TokenType::kControl);
  AddToken(&v, "</s>", TokenType::kControl);
  for (int byte = 0; byte < 256; ++byte) {
    const char* digits = "0123456789ABCDEF";
    AddToken(&v, std::string("<0x") + digits[byte >> 4] + digits[byte & 15] + ">",
             TokenType::kByte);
  }
  AddToken(&v, "▁", TokenType::kNormal, -1);         // 259
  AddToken(&v, "a", TokenType::kNormal, -2);         // 260
  AddToken(&v, "b", TokenType::kNormal, -3);         // 261
  AddToken(&v, "ab", TokenType::kNormal, -4);        // 262
  AddToken(&v, "▁a", TokenType::kNormal, -5);        // 263
  AddToken(&v, "bab", TokenType::kNormal, -3.5f);    // 264
  AddToken(&v, "▁ab", TokenType::kNormal, -6);       // 265
  AddToken(&v, "▁▁", TokenType::kNormal, -7);        // 266
  AddToken(&v, "\n\n", TokenType::kUserDefined, 0);  // 267
  v.unk = 0;
  v.bos = 1;
  v.eos = 2;
  return v;
}

// Unigram: <pad> </s> <unk>, then pieces with the logarithms of their chances.
inline Vocabulary TinyUnigram() {
  Vocabulary v;
  v.model = "t5";
  AddToken(&v, "<pad>", TokenType::kControl);
  AddToken(&v, "</s>", TokenType::kControl);
  AddToken(&v, "<unk>", TokenType::kUnknown);
  AddToken(&v, "▁", TokenType::kNormal, -4);            // 3
  AddToken(&v, "a", TokenType::kNormal, -3);            // 4
  AddToken(&v, "b", TokenType::kNormal, -3);            // 5
  AddToken(&v, "ab", TokenType::kNormal, -5);           // 6
  AddToken(&v, "aba", TokenType::kNormal, -7.5f);       // 7
  AddToken(&v, "▁ab", TokenType::kNormal, -6);          // 8
  AddToken(&v, "<tag>", TokenType::kUserDefined, -50);  // 9
  AddToken(&v, "é", TokenType::kNormal, -5);            // 10
  v.unk = 2;
  v.eos = 1;
  return v;
}

}  // namespace dynsplit::testing
