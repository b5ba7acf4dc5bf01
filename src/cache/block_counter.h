// Counts what a row attends to by the blocks that it lies in (Session::choices).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "dynsplit/choices.h"
#include "dynsplit/method.h"
#include "kernels/kv_view.h"

namespace dynsplit {

class BlockCounter {
 public:
  // `blocks` are consecutive; those before `first_block` are not counted, nor is what lies behind
  // all of them. Adds to *counts.
  BlockCounter(std::span<const Block> blocks, size_t first_block, std::vector<ChosenBlock>* counts)
      : blocks_(blocks), first_block_(first_block), block_(first_block), counts_(*counts) {}

  // Ranges ascend; one that begins before the last may come at the end, if it is not counted.
  // Cost: over all ranges one walk along the blocks.
  void Add(TokenRange range);

 private:
  std::span<const Block> blocks_;
  size_t first_block_;
  size_t block_;  // where the walk is
  std::vector<ChosenBlock>& counts_;
};

}  // namespace dynsplit
