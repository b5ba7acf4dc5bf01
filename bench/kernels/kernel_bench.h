// Data and arguments that the kernels' benchmarks share. Each runs on every instruction set of the
// machine, for the shapes of two models: head_dim 64 in groups of 3, head_dim 128 in groups of 6.
#pragma once

#include <cmath>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/check.h"
#include "base/rng.h"
#include "benchmark/benchmark.h"
#include "kernels/f16.h"
#include "kernels/isa.h"
#include "kernels/kv_view.h"

namespace dynsplit {

struct BenchShape {
  int head_dim = 0;
  int group_heads = 0;
};

inline constexpr BenchShape kBenchShapes[] = {{64, 3}, {128, 6}};

// Arguments 0 and 1 are an index into AvailableIsas() and one into kBenchShapes.
inline void IsaArguments(benchmark::internal::Benchmark* bench) {
  for (int64_t isa = 0; isa < static_cast<int64_t>(AvailableIsas().size()); ++isa) {
    bench->Arg(isa);
  }
}

inline void ShapeArguments(benchmark::internal::Benchmark* bench) {
  for (int64_t isa = 0; isa < static_cast<int64_t>(AvailableIsas().size()); ++isa) {
    for (int64_t shape = 0; shape < 2; ++shape) bench->Args({isa, shape});
  }
}

// Puts the benchmark on its instruction set and names it.
inline void UseIsa(benchmark::State& state) {
  const std::string isa = AvailableIsas()[state.range(0)];
  DYNSPLIT_CHECK(RestrictIsa(isa));
  state.SetLabel(isa);
}

inline BenchShape UseShape(benchmark::State& state) {
  UseIsa(state);
  const BenchShape shape = kBenchShapes[state.range(1)];
  state.SetLabel(AvailableIsas()[state.range(0)] + " d" + std::to_string(shape.head_dim) + " g" +
                 std::to_string(shape.group_heads));
  return shape;
}

inline void CountRate(benchmark::State& state, const char* name, double per_iteration) {
  state.counters[name] = benchmark::Counter(
      per_iteration, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

// Uniform in [-1, 1).
inline std::vector<float> BenchFloats(size_t count) {
  Rng rng(1);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(2 * rng.Uniform() - 1);
  return values;
}

// Several sequences of pages, one after the other in memory.
class BenchPages {
 public:
  BenchPages(int num_sequences, int64_t num_tokens, int head_dim)
      : pages_per_sequence_(num_tokens / kPageTokens),
        head_dim_(head_dim),
        memory_(2 * static_cast<size_t>(num_sequences * pages_per_sequence_) *
                PageElements(head_dim)) {
    Rng rng(2);
    for (f16& value : memory_.span()) {
      value = static_cast<f16>(0x3000 + rng.Below(0x800) + 0x8000 * rng.Below(2));  // 0.1 to 0.5
    }
    const size_t page = PageElements(head_dim);
    for (size_t at = 0; at < memory_.size(); at += 2 * page) {
      keys_.push_back(memory_.data() + at);
      values_.push_back(memory_.data() + at + page);
    }
  }

  KvView View(int64_t sequence) const {
    const int64_t first = sequence * pages_per_sequence_;
    return {keys_.data() + first, values_.data() + first, head_dim_};
  }

 private:
  int64_t pages_per_sequence_;
  int head_dim_;
  AlignedBuffer<f16> memory_;
  std::vector<const f16*> keys_;
  std::vector<const f16*> values_;
};

}  // namespace dynsplit
