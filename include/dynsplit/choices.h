// What one token attended to, layer by layer: for whoever wants to see where the model looked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dynsplit/method.h"

namespace dynsplit {

// A block, by its number in Session::finished_blocks(), and how many of its tokens were attended
// to: fewer than it has where a method chooses single tokens (Pick::kTokens).
struct ChosenBlock {
  int32_t block = 0;
  int32_t tokens = 0;

  bool operator==(const ChosenBlock&) const = default;
};

// Of one layer and KV head.
struct HeadChoice {
  bool all = true;              // everything before it: a dense head, or a token read densely
  int64_t attended_tokens = 0;  // sink, recent tokens and its own included
  std::vector<ChosenBlock> blocks = {};  // besides the sink; ascending; empty where `all`
};

struct BlockChoices {
  int num_layers = 0;
  int kv_heads = 0;
  std::vector<HeadChoice> heads = {};  // [num_layers, kv_heads]

  HeadChoice& of(LayerHead head) { return heads[Index(head)]; }
  const HeadChoice& of(LayerHead head) const { return heads[Index(head)]; }

 private:
  size_t Index(LayerHead head) const {
    return static_cast<size_t>(head.layer) * static_cast<size_t>(kv_heads) +
           static_cast<size_t>(head.kv_head);
  }
};

}  // namespace dynsplit
