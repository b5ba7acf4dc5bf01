// The state machine behind DelimiterTable: reads a text token by token and says which token ends
// in which kind of boundary. It looks one character ahead, and from a newline to the first
// character of the next line. A plain value of about 70 bytes: copying it marks a place.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dynsplit/method.h"
#include "split/char_kind.h"

namespace dynsplit {

class DelimiterScanner {
 public:
  // A token, and the class that it had before it was judged as the last one.
  struct EndJudgement {
    int64_t token = -1;  // -1: none
    DelimiterClass before = DelimiterClass::kNone;
  };

  // Reads the next token, number `token` of the text, and raises the classes of it and of those
  // before it to what is now known. classes has at least token + 1 elements; classes[token] is
  // kNone. Cost: one pass over the bytes.
  void AddText(std::string_view bytes, int64_t token, std::span<DelimiterClass> classes);
  // The same for a chat template's special token.
  void AddTurn(int64_t token, std::span<DelimiterClass> classes);

  // Judges the last character as if the text ended there. To go on with more text, put back what
  // is returned.
  EndJudgement JudgeEnd(std::span<DelimiterClass> classes) const;

 private:
  struct Char {
    CharKind kind = CharKind::kEdge;
    int64_t token = -1;
  };

  void AddByte(uint8_t byte, int64_t token, std::span<DelimiterClass> classes);
  void AddChar(char32_t code, int64_t token, std::span<DelimiterClass> classes);
  void Shift(Char next, std::span<DelimiterClass> classes);
  void EndLine(int64_t token, std::span<DelimiterClass> classes);
  void StartLineText(std::span<DelimiterClass> classes);
  DelimiterClass Judge(CharKind next) const;
  DelimiterClass JudgeQuote(CharKind next) const;
  DelimiterClass Closing() const;

  Char current_;                         // the last character read: judged once the next is known
  CharKind previous_ = CharKind::kEdge;  // the one before it
  bool after_sentence_ = false;          // current_ follows a sentence's end at once

  char32_t partial_ = 0;  // a UTF-8 sequence that is not complete yet
  int missing_ = 0;       // bytes that it still wants

  int32_t column_ = 0;          // width of the white space that the current line starts with
  int32_t indent_ = 0;          // the same of the last line that is not blank
  bool line_blank_ = true;      // only white space in the current line so far
  int64_t newline_token_ = -1;  // holds the newline before the current blank line, -1: none
};

}  // namespace dynsplit
