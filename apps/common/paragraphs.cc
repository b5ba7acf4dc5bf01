#include "apps/common/paragraphs.h"

#include "base/check.h"

namespace dynsplit {

std::vector<std::string> SplitParagraphs(std::string_view text) {
  std::vector<std::string> paragraphs;
  while (!text.empty()) {
    const size_t end = text.find(kParagraphGap);
    const std::string_view paragraph = text.substr(0, end);
    if (paragraph.find_first_not_of(" \t\n\f\r") != std::string_view::npos) {
      paragraphs.emplace_back(paragraph.substr(paragraph.find_first_not_of("\n")));
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + kParagraphGap.size());
  }
  return paragraphs;
}

std::string JoinParagraphs(const std::vector<std::string>& paragraphs,
                           const std::vector<Insertion>& insertions) {
  std::string text;
  size_t next = 0;
  for (size_t i = 0; i <= paragraphs.size(); ++i) {
    for (; next < insertions.size() && insertions[next].before == i; ++next) {
      text += insertions[next].text;
      text += kParagraphGap;
    }
    if (i == paragraphs.size()) break;
    text += paragraphs[i];
    text += kParagraphGap;
  }
  DYNSPLIT_CHECK(next == insertions.size());  // in order, and none behind the end
  return text;
}

Result<int64_t> CountTokens(std::string_view text, const Tokenizer& tokenizer) {
  const auto ids = tokenizer.Encode(text, {.add_special = false});
  if (!ids.ok()) return ids.status();
  return static_cast<int64_t>(ids->size());
}

Result<int64_t> CountParagraphTokens(const std::string& paragraph, const Tokenizer& tokenizer) {
  const auto count = CountTokens(paragraph + std::string(kParagraphGap) + "x", tokenizer);
  if (!count.ok()) return count.status();
  return *count - 1;
}

}  // namespace dynsplit
