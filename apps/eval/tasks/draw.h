// Seeded draws for generated texts.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/rng.h"

namespace dynsplit::eval {

// The random numbers of one document: others for each task, seed and document.
Rng DocumentRng(std::string_view task, uint64_t seed, int document_idx);

// One of a list that is not empty.
std::string_view Pick(std::span<const std::string_view> list, Rng* rng);

// True with that probability.
inline bool Chance(double probability, Rng* rng) { return rng->Uniform() < probability; }

// In [low, high], both included.
int64_t Between(int64_t low, int64_t high, Rng* rng);

template <typename T>
void Shuffle(std::vector<T>* list, Rng* rng) {
  for (size_t i = list->size(); i > 1; --i) std::swap((*list)[i - 1], (*list)[rng->Below(i)]);
}

// What no two facts of a document may share. Keeps what it gave.
class Unused {
 public:
  // A number of `num_digits` digits. From 90 % of all such numbers on it adds a digit.
  std::string Number(int num_digits, Rng* rng);
  // Whether `text` was not given before; it counts as given from now on.
  bool Take(const std::string& text) { return given_.insert(text).second; }

 private:
  std::set<std::string> given_;
  size_t num_numbers_ = 0;
};

}  // namespace dynsplit::eval
