// Merging of neighbours, best pair first: the loop that byte-level BPE and SentencePiece share.
// A heap of candidates and a linked list of symbols: O(n log n) for n symbols, also where one word
// is the whole text. Thread safety: none needed, all state is the caller's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace dynsplit {

// A stretch of the text. Symbols are listed in the order of the text; a symbol that was merged
// into the one before it has length 0.
struct Symbol {
  int32_t begin = 0;   // bytes
  int32_t length = 0;  // bytes
  int32_t prev = -1;   // index of the neighbour, -1 at the end
  int32_t next = -1;
  int32_t token = -1;  // -1: not a token
};

struct Merge {
  double priority = 0;  // the lowest is merged first, the leftmost of equal ones
  int32_t token = -1;   // what the two become
};

struct MergeCandidate {
  double priority;
  int32_t left;
  int32_t right;
  int32_t length;  // of both together: tells whether either has changed since
  int32_t token;
};

// Appends a symbol of `length` bytes at the end of the list.
inline void AppendSymbol(int32_t length, int32_t token, std::vector<Symbol>* symbols) {
  const auto index = static_cast<int32_t>(symbols->size());
  Symbol symbol{0, length, index - 1, -1, token};
  if (index > 0) {
    Symbol& last = symbols->back();
    last.next = index;
    symbol.begin = last.begin + last.length;
  }
  symbols->push_back(symbol);
}

// Merges until no pair is left. find(left, right) gives std::optional<Merge>. `heap` is scratch
// space that a caller may keep between calls.
template <typename FindMerge>
void MergeSymbols(std::vector<Symbol>* symbols, std::vector<MergeCandidate>* heap,
                  const FindMerge& find) {
  const auto later = [](const MergeCandidate& a, const MergeCandidate& b) {
    return a.priority > b.priority || (a.priority == b.priority && a.left > b.left);
  };
  std::vector<Symbol>& list = *symbols;
  const auto add = [&](int32_t left, int32_t right) {
    if (left < 0 || right < 0) return false;
    const std::optional<Merge> merge = find(list[left], list[right]);
    if (!merge) return false;
    heap->push_back(
        {merge->priority, left, right, list[left].length + list[right].length, merge->token});
    return true;
  };
  const auto add_in_order = [&](int32_t left, int32_t right) {
    if (add(left, right)) std::push_heap(heap->begin(), heap->end(), later);
  };

  heap->clear();
  for (int32_t i = 1; i < static_cast<int32_t>(list.size()); ++i) add(i - 1, i);
  std::make_heap(heap->begin(), heap->end(), later);
  while (!heap->empty()) {
    std::pop_heap(heap->begin(), heap->end(), later);
    const MergeCandidate best = heap->back();
    heap->pop_back();
    Symbol& left = list[best.left];
    Symbol& right = list[best.right];
    const bool is_stale =
        left.length == 0 || right.length == 0 || left.length + right.length != best.length;
    if (is_stale) continue;
    left.length = best.length;
    left.token = best.token;
    left.next = right.next;
    right.length = 0;
    if (left.next >= 0) list[left.next].prev = best.left;
    add_in_order(left.prev, best.left);
    add_in_order(best.left, left.next);
  }
}

}  // namespace dynsplit
