// The state machine behind DelimiterTable: reads a text token by token and says which token ends
// in which kind of boundary. It looks one character ahead, and from a newline to the first
// character of the next line. A plain value of a few dozen bytes: copying it marks a place.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dynsplit/method.h"
#include "split/char_kind.h"

namespace dynsplit {

// `token` had the class `before`.
struct ScanCredit {
  int64_t token = -1;  // -1: none
  DelimiterClass before = DelimiterClass::kNone;
};

class DelimiterScanner {
 public:
  // Reads the next token, which is number `token` of the text, and raises classes[t] of it and of
  // tokens before it to what is now known. classes has token + 1 elements, classes[token] is kNone.
  void AddText(std::string_view bytes, int64_t token, std::span<DelimiterClass> classes);
  void AddTurn(int64_t token, std::span<DelimiterClass> classes);

  // Judges the last character as if the text ended here. Undo with the value returned, and go on.
  ScanCredit JudgeEnd(std::span<DelimiterClass> classes) const;

 private:
  struct Char {
    CharKind kind = CharKind::kEdge;
    int64_t token = -1;
  };

  void AddByte(uint8_t byte, int64_t token, std::span<DelimiterClass> classes);
  void AddChar(Char next, char32_t code, std::span<DelimiterClass> classes);
  void TrackLine(Char next, char32_t code, std::span<DelimiterClass> classes);
  DelimiterClass Judge(Char next) const;

  Char previous_;                // the character before current_
  Char current_;                 // the last one read: judged once the next is known
  bool after_sentence_ = false;  // current_ comes right after a sentence's end or its quotes
  char32_t partial_ = 0;         // a UTF-8 sequence that is not complete yet
  int missing_ = 0;              // bytes that it still wants
  int32_t column_ = 0;           // white space so far in the current line, while line_blank_
  int32_t indent_ = 0;           // of the last line that is not blank
  bool line_blank_ = true;       // no character but white space in the current line yet
  bool any_line_ = false;        // a line that is not blank has been seen
  int64_t newline_token_ = -1;   // the newline before the current blank line, -1: none
};

}  // namespace dynsplit
