#include "apps/eval/tasks/draw.h"

#include "base/check.h"

namespace dynsplit::eval {

Rng DocumentRng(std::string_view task, uint64_t seed, int document_idx) {
  uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  for (const char c : task) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  // The outputs of a generator, not sums of the seeds: seed 1's document 1 is not seed 2's 0.
  Rng of_seed(seed);
  Rng of_task(of_seed.Next() ^ hash);
  return Rng(of_task.Next() ^ (static_cast<uint64_t>(document_idx) * 0x9e3779b97f4a7c15ULL));
}

std::string_view Pick(std::span<const std::string_view> list, Rng* rng) {
  DYNSPLIT_CHECK(!list.empty());
  return list[rng->Below(list.size())];
}

int64_t Between(int64_t low, int64_t high, Rng* rng) {
  DYNSPLIT_CHECK(low <= high);
  return low + static_cast<int64_t>(rng->Below(static_cast<uint64_t>(high - low + 1)));
}

std::string Unused::Number(int num_digits, Rng* rng) {
  int64_t low = 1;
  for (int i = 1; i < num_digits; ++i) low *= 10;
  while (num_numbers_ * 10 >= static_cast<size_t>(low) * 81) low *= 10;
  ++num_numbers_;
  std::string number;
  do number = std::to_string(Between(low, low * 10 - 1, rng));
  while (!Take(number));
  return number;
}

}  // namespace dynsplit::eval
