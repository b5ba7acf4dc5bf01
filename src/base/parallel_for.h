// Runs fn(i) for i in [0, n) on up to `threads` threads that live only for this call (about 20 us
// each): for rare, large jobs between passes. Passes themselves run on ggml's threads.
// fn must not throw.
#pragma once

#include <algorithm>
#include <atomic>
#include <system_error>
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
  try {
    for (int t = 1; t < std::min(threads, n); ++t) helpers.emplace_back(work);
  } catch (const std::system_error&) {
    // No more threads to be had: those that there are do it all.
  }
  work();
}

}  // namespace dynsplit
