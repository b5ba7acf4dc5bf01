// Names of people and of things, each given once in a document, with near-duplicates: two in five
// share a word with an earlier one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/eval/tasks/draw.h"
#include "apps/eval/tasks/generated/words.h"

namespace dynsplit::eval {

// Pairs of one word each from two lists. When nearly all pairs are given, a third word is put
// between, so that a document may be as long as it likes. Not thread-safe.
class PairSource {
 public:
  PairSource(std::span<const std::string_view> first, std::span<const std::string_view> second,
             Unused* unused)
      : first_(first), second_(second), unused_(unused) {}

  std::string Next(Rng* rng);

 private:
  struct Pair {
    std::string_view first;
    std::string_view second;
  };

  std::span<const std::string_view> first_;
  std::span<const std::string_view> second_;
  Unused* unused_;
  std::vector<Pair> given_;
};

// "Marta Kaminski"
class NameSource : public PairSource {
 public:
  explicit NameSource(Unused* unused) : PairSource(FirstNames(), LastNames(), unused) {}
};

// "copper lantern"
class ObjectSource : public PairSource {
 public:
  explicit ObjectSource(Unused* unused) : PairSource(Qualities(), Things(), unused) {}
};

}  // namespace dynsplit::eval
