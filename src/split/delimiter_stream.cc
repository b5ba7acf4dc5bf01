#include "split/delimiter_stream.h"

#include <utility>

#include "base/check.h"

namespace dynsplit {

DelimiterStream::DelimiterStream(std::shared_ptr<const DelimiterTable> table)
    : table_(std::move(table)) {
  DYNSPLIT_CHECK(table_ != nullptr);
}

void DelimiterStream::Append(std::span<const int32_t> tokens) {
  if (undo_.token >= 0) classes_[undo_.token] = undo_.before;
  const size_t first = classes_.size();
  classes_.resize(first + tokens.size(), DelimiterClass::kNone);
  for (size_t i = 0; i < tokens.size(); ++i) {
    table_->Scan(tokens[i], static_cast<int64_t>(first + i), &scanner_, classes_);
  }
  undo_ = scanner_.JudgeEnd(classes_);
}

}  // namespace dynsplit
