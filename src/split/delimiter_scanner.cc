#include "split/delimiter_scanner.h"

#include <algorithm>

namespace dynsplit {
namespace {

using enum CharKind;

constexpr char32_t kReplacement = 0xFFFD;  // stands for bytes that are not UTF-8
constexpr int32_t kTabWidth = 8;           // as Python reads tabs
constexpr int32_t kMaxColumn = 1 << 20;    // beyond it, indentation is not told apart

void Raise(int64_t token, DelimiterClass to, std::span<DelimiterClass> classes) {
  if (token >= 0) classes[token] = std::max(classes[token], to);
}

bool IsWhite(CharKind kind) { return kind == kSpace || kind == kNewline; }
bool IsWord(CharKind kind) { return kind == kDigit || kind == kLetter; }

// Whether `. ? !` before a character of this kind ends a sentence.
bool MayFollowSentence(CharKind kind) {
  switch (kind) {
    case kEdge:
    case kSpace:
    case kNewline:
    case kOpen:
    case kClose:
    case kQuote:
    case kMark:
    case kOther:
      return true;
    default:  // 3.14, a.b, ../x, "...", !=
      return false;
  }
}

}  // namespace

void DelimiterScanner::AddText(std::string_view bytes, int64_t token,
                               std::span<DelimiterClass> classes) {
  for (const char byte : bytes) AddByte(static_cast<uint8_t>(byte), token, classes);
}

void DelimiterScanner::AddTurn(int64_t token, std::span<DelimiterClass> classes) {
  missing_ = 0;
  if (line_blank_) StartLineText(classes);
  Shift({kEdge, token}, classes);
  Raise(token, DelimiterClass::kTurn, classes);
}

DelimiterScanner::EndJudgement DelimiterScanner::JudgeEnd(std::span<DelimiterClass> classes) const {
  if (current_.token < 0) return {};
  const EndJudgement undo{current_.token, classes[current_.token]};
  Raise(current_.token, Judge(kEdge), classes);
  if (IsWhite(current_.kind)) Raise(current_.token, DelimiterClass::kSpace, classes);
  return undo;
}

void DelimiterScanner::AddByte(uint8_t byte, int64_t token, std::span<DelimiterClass> classes) {
  if (missing_ > 0) {
    if ((byte & 0xC0) == 0x80) {
      partial_ = (partial_ << 6) | (byte & 0x3F);
      if (--missing_ > 0) return;
      return AddChar(partial_ < 0x80 ? kReplacement : partial_, token, classes);
    }
    missing_ = 0;
    AddChar(kReplacement, token, classes);
  }
  if (byte < 0x80) return AddChar(byte, token, classes);
  if (byte < 0xC2 || byte > 0xF4) return AddChar(kReplacement, token, classes);
  missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  partial_ = byte & (0x3F >> missing_);
}

void DelimiterScanner::AddChar(char32_t code, int64_t token, std::span<DelimiterClass> classes) {
  const CharKind kind = KindOf(code);
  if (kind == kNewline) {
    EndLine(token, classes);
  } else if (line_blank_) {
    if (kind == kSpace) {
      const int32_t width = code == '\t' ? kTabWidth - column_ % kTabWidth : 1;
      column_ = std::min(column_ + width, kMaxColumn);
    } else {
      StartLineText(classes);
    }
  }
  Shift({kind, token}, classes);
}

// Judges current_ now that the character after it is known, and steps on to that one.
void DelimiterScanner::Shift(Char next, std::span<DelimiterClass> classes) {
  const DelimiterClass judged = Judge(next.kind);
  Raise(current_.token, judged, classes);
  const bool white = IsWhite(current_.kind) || IsWhite(next.kind);
  if (white && next.token != current_.token) {
    Raise(current_.token, DelimiterClass::kSpace, classes);
  }
  after_sentence_ = judged == DelimiterClass::kSentence;
  previous_ = current_.kind;
  current_ = next;
}

void DelimiterScanner::EndLine(int64_t token, std::span<DelimiterClass> classes) {
  const bool blank = line_blank_ && newline_token_ >= 0;  // the text's first line is never blank
  Raise(token, blank ? DelimiterClass::kParagraph : DelimiterClass::kNewline, classes);
  newline_token_ = token;
  line_blank_ = true;
  column_ = 0;
}

void DelimiterScanner::StartLineText(std::span<DelimiterClass> classes) {
  if (column_ < indent_) Raise(newline_token_, DelimiterClass::kDedent, classes);
  indent_ = column_;
  line_blank_ = false;
  newline_token_ = -1;
}

DelimiterClass DelimiterScanner::Judge(CharKind next) const {
  switch (current_.kind) {
    case kStop:
      return MayFollowSentence(next) ? DelimiterClass::kSentence : DelimiterClass::kNone;
    case kWideStop:
      return next == kWideStop ? DelimiterClass::kNone : DelimiterClass::kSentence;
    case kComma:
      return previous_ == kDigit && next == kDigit ? DelimiterClass::kNone : DelimiterClass::kComma;
    case kWideComma:
      return DelimiterClass::kComma;
    case kColon: {
      const bool inside = (IsWord(previous_) && IsWord(next)) || next == kSign;  // 12:30, a:b, ://
      const bool scope = previous_ == kColon || next == kColon;                  // a::b
      return inside || scope ? DelimiterClass::kNone : DelimiterClass::kClause;
    }
    case kClause:
      return DelimiterClass::kClause;
    case kClose:
      return Closing();
    case kQuote:
      return JudgeQuote(next);
    default:
      return DelimiterClass::kNone;
  }
}

DelimiterClass DelimiterScanner::JudgeQuote(CharKind next) const {
  const bool opening =
      previous_ == kEdge || IsWhite(previous_) || previous_ == kOpen || previous_ == kSign;
  const bool inside = IsWord(next) || next == kOther;  // don't, or an opening quote
  return opening || inside ? DelimiterClass::kNone : Closing();
}

DelimiterClass DelimiterScanner::Closing() const {
  return after_sentence_ ? DelimiterClass::kSentence : DelimiterClass::kClosing;
}

}  // namespace dynsplit
