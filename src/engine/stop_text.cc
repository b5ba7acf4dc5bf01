#include "engine/stop_text.h"

#include <algorithm>
#include <utility>

namespace dynsplit {
namespace {

// Length of the longest end of `text` that `stop` begins with (all of `stop` excluded: that would
// have been found).
size_t Overlap(std::string_view text, std::string_view stop) {
  for (size_t n = std::min(text.size(), stop.size() - 1); n > 0; --n) {
    if (text.substr(text.size() - n) == stop.substr(0, n)) return n;
  }
  return 0;
}

}  // namespace

StopText::StopText(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
}

std::string_view StopText::Push(std::string_view piece) {
  certain_.clear();
  if (found_) return certain_;
  held_ += piece;
  size_t first = std::string::npos;
  size_t overlap = 0;
  for (const std::string& stop : stops_) {
    first = std::min(first, held_.find(stop));
    overlap = std::max(overlap, Overlap(held_, stop));
  }
  found_ = first != std::string::npos;
  const size_t length = found_ ? first : held_.size() - overlap;
  certain_ = held_.substr(0, length);
  held_.erase(0, found_ ? held_.size() : length);
  return certain_;
}

std::string_view StopText::Finish() {
  certain_ = std::exchange(held_, {});
  return certain_;
}

}  // namespace dynsplit
