// The texts of a vocabulary as a tree of their bytes: what a walk over all tokens costs is their
// common beginnings once, and nothing of what is cut off. Immutable; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynsplit/tokenizer.h"

namespace dynsplit {

class TokenTrie {
 public:
  // A node, in the order in which a walk comes to them: a parent, then its children by their bytes.
  struct Node {
    uint8_t byte = 0;
    int32_t depth = 1;        // how many bytes lead to it
    int32_t behind = 0;       // the first node that is none of its descendants
    int32_t first_token = 0;  // of those that end here: [first_token, end_token) of tokens()
    int32_t end_token = 0;
  };

  // Tokens without a text are in no node. Cost: a sort of the vocabulary; 20 bytes for each node.
  explicit TokenTrie(const Tokenizer& tokenizer);

  std::span<const Node> nodes() const { return nodes_; }
  std::span<const int32_t> tokens() const { return tokens_; }
  // Tokens that end an answer.
  std::span<const int32_t> ends() const { return ends_; }
  int32_t vocab_size() const { return vocab_size_; }
  int max_depth() const { return max_depth_; }

 private:
  std::vector<Node> nodes_;
  std::vector<int32_t> tokens_;
  std::vector<int32_t> ends_;
  int32_t vocab_size_;
  int max_depth_ = 0;
};

}  // namespace dynsplit
