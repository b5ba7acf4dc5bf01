#include "engine/token_trie.h"

#include <algorithm>
#include <string_view>

namespace dynsplit {

TokenTrie::TokenTrie(const Tokenizer& tokenizer) : vocab_size_(tokenizer.size()) {
  for (int32_t id = 0; id < vocab_size_; ++id) {
    if (tokenizer.IsEndOfGeneration(id)) {
      ends_.push_back(id);
    } else if (!tokenizer.TokenBytes(id).empty()) {
      tokens_.push_back(id);
    }
  }
  const auto text = [&](int32_t id) { return tokenizer.TokenBytes(id); };
  std::sort(tokens_.begin(), tokens_.end(),
            [&](int32_t a, int32_t b) { return text(a) != text(b) ? text(a) < text(b) : a < b; });
  std::vector<size_t> path;  // nodes that lead to the token before
  std::string_view before;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const std::string_view bytes = text(tokens_[i]);
    const auto parted = std::mismatch(before.begin(), before.end(), bytes.begin(), bytes.end());
    const auto shared = static_cast<size_t>(parted.first - before.begin());
    for (size_t d = path.size(); d > shared; --d) {
      nodes_[path[d - 1]].behind = static_cast<int32_t>(nodes_.size());
    }
    path.resize(shared);
    for (size_t d = shared; d < bytes.size(); ++d) {
      path.push_back(nodes_.size());
      nodes_.push_back({.byte = static_cast<uint8_t>(bytes[d]),
                        .depth = static_cast<int32_t>(d) + 1,
                        .first_token = static_cast<int32_t>(i),
                        .end_token = static_cast<int32_t>(i)});
    }
    nodes_[path.back()].end_token = static_cast<int32_t>(i) + 1;
    max_depth_ = std::max(max_depth_, static_cast<int>(bytes.size()));
    before = bytes;
  }
  for (const size_t node : path) nodes_[node].behind = static_cast<int32_t>(nodes_.size());
}

}  // namespace dynsplit
