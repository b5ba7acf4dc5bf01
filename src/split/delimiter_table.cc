#include "split/delimiter_table.h"

#include <algorithm>

#include "base/check.h"
#include "split/delimiter_scanner.h"

namespace dynsplit {

DelimiterTable DelimiterTable::Build(std::span<const std::string> token_bytes,
                                     std::span<const uint8_t> turn) {
  DYNSPLIT_CHECK(token_bytes.size() == turn.size());
  DelimiterTable table;
  table.turn_.assign(turn.begin(), turn.end());
  table.begins_.reserve(token_bytes.size() + 1);
  table.begins_.push_back(0);
  for (const std::string& bytes : token_bytes) {
    table.bytes_ += bytes;
    table.begins_.push_back(table.bytes_.size());
  }
  return table;
}

std::string_view DelimiterTable::Bytes(int32_t id) const {
  DYNSPLIT_DCHECK(id >= 0 && id < size());
  return std::string_view(bytes_).substr(begins_[id], begins_[id + 1] - begins_[id]);
}

void DelimiterTable::Scan(int32_t id, int64_t token, DelimiterScanner* scanner,
                          std::span<DelimiterClass> classes) const {
  DYNSPLIT_CHECK(id >= 0 && id < size());
  if (IsTurn(id)) {
    scanner->AddTurn(token, classes);
  } else {
    scanner->AddText(Bytes(id), token, classes);
  }
}

void DelimiterTable::Classify(std::span<const int32_t> tokens,
                              std::span<DelimiterClass> out) const {
  DYNSPLIT_CHECK(tokens.size() == out.size());
  std::fill(out.begin(), out.end(), DelimiterClass::kNone);
  DelimiterScanner scanner;
  for (size_t i = 0; i < tokens.size(); ++i) {
    Scan(tokens[i], static_cast<int64_t>(i), &scanner, out);
  }
  scanner.JudgeEnd(out);
}

}  // namespace dynsplit
