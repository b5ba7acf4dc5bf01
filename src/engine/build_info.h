// What figures were measured with.
#pragma once

#include <string>

namespace dynsplit {

// "dynsplit 0.1.0, kernels AVX3, io_uring; ggml 0.20.2 AVX2 AVX512 ...": the instruction sets in
// use, and by what several pages are read together ("read threads" where the kernel forbids
// io_uring).
std::string DescribeBuild();

}  // namespace dynsplit
