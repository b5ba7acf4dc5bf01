// Delimiter classes of a text that grows token by token. Not thread safe; a copy is independent,
// which is what a fork needs.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "split/delimiter_scanner.h"
#include "split/delimiter_table.h"

namespace dynsplit {

class DelimiterStream {
 public:
  explicit DelimiterStream(std::shared_ptr<const DelimiterTable> table);

  // Cost: one pass over the bytes of `tokens`, however long the text before is. Ids as in
  // DelimiterTable::Classify.
  void Append(std::span<const int32_t> tokens);

  void Restart() { *this = DelimiterStream(std::move(table_)); }  // an empty text again

  // Class of every token so far: always equal to DelimiterTable::Classify of the whole text. Later
  // tokens may still change the class of the last token that has text, and turn the newline before
  // trailing white space into a dedent. Valid until the next Append.
  std::span<const DelimiterClass> classes() const { return classes_; }

 private:
  std::shared_ptr<const DelimiterTable> table_;
  DelimiterScanner scanner_;
  std::vector<DelimiterClass> classes_;
  DelimiterScanner::EndJudgement undo_;
};

}  // namespace dynsplit
