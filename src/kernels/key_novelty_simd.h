// The Highway version of KeyNovelty: the same contract, nothing checked. And the keys on either
// side of a cut.
#pragma once

#include <algorithm>

#include "kernels/key_novelty.h"

namespace dynsplit {

struct CutSides {
  TokenRange before;  // never empty
  TokenRange after;
};

inline CutSides SidesOf(const KeyNoveltyArgs& args, int64_t token) {
  const int64_t cut = token + 1;
  return {{std::max(args.keys.start, cut - args.window), cut},
          {cut, std::min(args.keys.end, cut + args.window)}};
}

void KeyNoveltySimd(const KeyNoveltyArgs& args, float* novelty);

}  // namespace dynsplit
