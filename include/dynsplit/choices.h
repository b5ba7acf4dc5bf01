// What one token attended to, layer by layer: for whoever wants to see where the model looked.
#pragma once

#include <cstdint>
#include <vector>

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
  bool all = true;                       // everything that its layer sees: it does not choose
  int64_t attended_tokens = 0;           // sink, recent tokens and its own included
  std::vector<ChosenBlock> blocks = {};  // besides the sink; ascending; empty where `all`
};

struct BlockChoices {
  std::vector<std::vector<HeadChoice>> layers = {};  // [num_layers][KV heads of the layer]
};

}  // namespace dynsplit
