// What the benchmarks cut: delimiter classes in about the shares that English prose has.
#pragma once

#include <vector>

#include "base/rng.h"
#include "dynsplit/method.h"

namespace dynsplit {

inline std::vector<DelimiterClass> ProseClasses(size_t n) {
  Rng rng(1);
  std::vector<DelimiterClass> classes(n);
  for (DelimiterClass& delimiter : classes) {
    const double u = rng.Uniform();
    delimiter = u < 0.2    ? DelimiterClass::kNone
                : u < 0.85 ? DelimiterClass::kSpace
                : u < 0.92 ? DelimiterClass::kComma
                : u < 0.98 ? DelimiterClass::kSentence
                           : DelimiterClass::kParagraph;
  }
  return classes;
}

}  // namespace dynsplit
