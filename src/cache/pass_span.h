// One sequence's part of a pass, and who works on it.
#pragma once

#include "dynsplit/choices.h"
#include "dynsplit/method.h"

namespace dynsplit {

class SemanticCache;

// The new tokens of one sequence: rows [first_row, first_row + rows) of the pass.
struct Span {
  const SemanticCache* cache = nullptr;
  int first_row = 0;
  int rows = 0;
  Attention attention = Attention::kDense;
  bool ends_whole = false;          // kJoint: at least its last kMaxQueryRows rows see everything
  BlockChoices* choices = nullptr;  // null, or where those of the last row's selecting heads go
};

struct Worker {
  int index = 0;
  int count = 1;
};

}  // namespace dynsplit
