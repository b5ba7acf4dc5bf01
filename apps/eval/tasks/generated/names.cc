#include "apps/eval/tasks/generated/names.h"

namespace dynsplit::eval {

std::string PairSource::Next(Rng* rng) {
  for (;;) {
    Pair pair = {Pick(first_, rng), Pick(second_, rng)};
    if (!given_.empty() && Chance(0.4, rng)) {
      const Pair& near = given_[rng->Below(given_.size())];
      if (Chance(0.5, rng)) {
        pair.first = near.first;
      } else {
        pair.second = near.second;
      }
    }
    std::string name(pair.first);
    if (given_.size() * 2 > first_.size() * second_.size()) {
      name += " " + std::string(Pick(first_, rng));
    }
    name += " " + std::string(pair.second);
    if (!unused_->Take(name)) continue;
    given_.push_back(pair);
    return name;
  }
}

}  // namespace dynsplit::eval
