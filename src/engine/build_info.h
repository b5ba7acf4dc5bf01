// What figures were measured with.
#pragma once

#include <string>

namespace dynsplit {

// "dynsplit 0.1.0, kernels AVX3; ggml 0.20.2 AVX2 AVX512 ...": the instruction sets in use.
std::string DescribeBuild();

}  // namespace dynsplit
