// Runs fn(i) for i in [0, n) on up to `threads` threads that live only for this call (about 20 us
// each): for rare, large jobs between passes. Passes themselves run on ggml's threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace dynsplit {

template <typename Fn>
void ParallelFor(int threads, int n, const Fn& fn) {
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int i = next.fetch_add(1); i < n; i = next.fetch_add(1)) fn(i);
  };
  std::vector<std::jthread> helpers;
  for (int t = 1; t < std::min(threads, n); ++t) helpers.emplace_back(work);
  work();
}

}  // namespace dynsplit
