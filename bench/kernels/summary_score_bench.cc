#include "kernels/group_score.h"
#include "kernels/int2.h"
#include "kernels/kernel_bench.h"
#include "kernels/pool_scores.h"
#include "kernels/summary_score.h"

namespace dynsplit {
namespace {

// Summaries of 8192 tokens in blocks of 12 with `vectors` each, from memory: 64 heads in turn.
constexpr int64_t kBlocks = 8192 / 12;
constexpr int64_t kSequences = 64;

// args.summaries point to the first of the sequences, which lie one after the other.
void RunScore(benchmark::State& state, SummaryScoreArgs args, const BenchShape& shape) {
  const auto queries = BenchFloats(static_cast<size_t>(shape.head_dim) * shape.group_heads);
  std::vector<float> scores(static_cast<size_t>(kBlocks) * shape.group_heads);
  args.queries = queries.data();
  args.group_heads = shape.group_heads;
  args.head_dim = shape.head_dim;
  args.num_blocks = kBlocks;
  const SummaryView first = args.summaries;
  const int64_t elements = kBlocks * args.vectors * shape.head_dim;
  const int64_t rows = kBlocks * SummaryRows(args.kind, args.vectors);
  int64_t sequence = 0;
  for (auto _ : state) {
    const int64_t i = sequence++ % kSequences;
    if (first.f16s != nullptr) args.summaries.f16s = first.f16s + i * elements;
    if (first.int8s != nullptr) args.summaries.int8s = first.int8s + i * elements;
    if (first.scales != nullptr) args.summaries.scales = first.scales + i * rows;
    SummaryScore(args, scores.data(), kBlocks);
    benchmark::ClobberMemory();
  }
  const double flops = 2.0 * static_cast<double>(elements) * shape.group_heads;
  double bytes = 2.0 * static_cast<double>(elements);
  if (first.int8s != nullptr) bytes = static_cast<double>(elements + 4 * rows);
  CountRate(state, "bytes/s", bytes);
  CountRate(state, "flop/s", flops);
}

void RunF16(benchmark::State& state, SummaryKind kind, int vectors) {
  const BenchShape shape = UseShape(state);
  AlignedBuffer<f16> summaries(static_cast<size_t>(kSequences * kBlocks * vectors) *
                               shape.head_dim);
  for (f16& value : summaries.span()) value = 0x3400;
  RunScore(state, {.kind = kind, .summaries = {.f16s = summaries.data()}, .vectors = vectors},
           shape);
}

void RunInt8(benchmark::State& state, SummaryKind kind, int vectors) {
  const BenchShape shape = UseShape(state);
  AlignedBuffer<int8_t> summaries(static_cast<size_t>(kSequences * kBlocks * vectors) *
                                  shape.head_dim);
  for (int8_t& value : summaries.span()) value = 77;
  const std::vector<float> scales(
      static_cast<size_t>(kSequences * kBlocks * SummaryRows(kind, vectors)), 0.01f);
  RunScore(state,
           {.kind = kind,
            .summaries = {.int8s = summaries.data(), .scales = scales.data()},
            .vectors = vectors},
           shape);
}

// An index as it is by default: four vectors a block, in chunks of 64 blocks with a scale each, and
// the next chunk fetched ahead. 256 MiB of them in turn with heads of 64.
class Int2Chunks {
 public:
  static constexpr int kVectors = 4;
  static constexpr int64_t kChunkBlocks = 64, kAtOnce = 10;

  explicit Int2Chunks(int head_dim)
      : chunk_bytes_(Int2Bytes(head_dim, kChunkBlocks * kVectors)),
        scale_elements_(Int2ScaleElements(head_dim)),
        codes_(kChunks * chunk_bytes_),
        scales_(kChunks * scale_elements_, 0x3400) {
    for (uint8_t& byte : codes_.span()) byte = 0x1b;
  }

  // Calls fn(number, summaries of the chunk, those of the next) for the next kAtOnce chunks.
  template <typename Fn>
  void ForSome(const Fn& fn) {
    for (int64_t i = 0; i < kAtOnce; ++i) {
      const size_t chunk = next_;
      next_ = (next_ + 1) % kChunks;
      fn(i, Summaries(chunk), Summaries(next_));
    }
  }

  double bytes() const { return static_cast<double>(kAtOnce) * static_cast<double>(chunk_bytes_); }

 private:
  static constexpr size_t kChunks = 65536;

  SummaryView Summaries(size_t chunk) const {
    return {.int2s = codes_.data() + chunk * chunk_bytes_,
            .int2_scale = scales_.data() + chunk * scale_elements_};
  }

  size_t chunk_bytes_;
  size_t scale_elements_;
  AlignedBuffer<uint8_t> codes_;
  std::vector<f16> scales_;
  size_t next_ = 0;
};

// All of it scored.
void RunInt2(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  Int2Chunks chunks(shape.head_dim);
  constexpr int64_t kChunkRows = Int2Chunks::kChunkBlocks * Int2Chunks::kVectors;
  constexpr int64_t kRows = kChunkRows * Int2Chunks::kAtOnce;
  const auto queries = BenchFloats(static_cast<size_t>(shape.head_dim) * shape.group_heads);
  std::vector<float> scores(static_cast<size_t>(kRows) * shape.group_heads);
  SummaryScoreArgs args{.queries = queries.data(),
                        .group_heads = shape.group_heads,
                        .head_dim = shape.head_dim,
                        .summaries = {},
                        .vectors = Int2Chunks::kVectors,
                        .num_blocks = Int2Chunks::kChunkBlocks,
                        .every_row = true};
  for (auto _ : state) {
    chunks.ForSome([&](int64_t i, const SummaryView& chunk, const SummaryView& next) {
      args.summaries = chunk;
      args.next = next;
      SummaryScore(args, scores.data() + i * kChunkRows, kRows);
    });
    benchmark::ClobberMemory();
  }
  CountRate(state, "bytes/s", chunks.bytes());
  CountRate(state, "flop/s", 2.0 * static_cast<double>(kRows * shape.head_dim) * shape.group_heads);
}

// Surveyed: bytes of the lines that are read, a quarter of all.
void BM_GroupScore(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  Int2Chunks chunks(shape.head_dim);
  constexpr int64_t kGroups = Int2Chunks::kChunkBlocks * Int2Chunks::kVectors / kInt2Group;
  constexpr int64_t kAll = kGroups * Int2Chunks::kAtOnce;
  const auto queries = BenchFloats(static_cast<size_t>(shape.head_dim) * shape.group_heads);
  std::vector<float> scores(static_cast<size_t>(kAll) * shape.group_heads);
  const int lines[kMaxRoughLines] = {0, 1, 2, 3};
  GroupScoreArgs args{.queries = queries.data(),
                      .group_heads = shape.group_heads,
                      .head_dim = shape.head_dim,
                      .lines = lines,
                      .count = kGroups};
  for (auto _ : state) {
    chunks.ForSome([&](int64_t i, const SummaryView& chunk, const SummaryView& next) {
      args.codes = {chunk.int2s, chunk.int2_scale};
      args.next = {next.int2s, next.int2_scale};
      GroupScore(args, scores.data() + i * kGroups, kAll);
    });
    benchmark::ClobberMemory();
  }
  CountRate(state, "bytes/s",
            static_cast<double>(kAll * RoughLines(shape.head_dim)) * double{kInt2LineBytes});
}
BENCHMARK(BM_GroupScore)->Apply(ShapeArguments);

void BM_SummaryScoreMean(benchmark::State& state) { RunF16(state, SummaryKind::kMean, 3); }
BENCHMARK(BM_SummaryScoreMean)->Apply(ShapeArguments);

void BM_SummaryScoreMeanInt8(benchmark::State& state) { RunInt8(state, SummaryKind::kMean, 3); }
BENCHMARK(BM_SummaryScoreMeanInt8)->Apply(ShapeArguments);

void BM_SummaryScoreMeanInt2(benchmark::State& state) { RunInt2(state); }
BENCHMARK(BM_SummaryScoreMeanInt2)->Apply(ShapeArguments);

void BM_SummaryScoreMinMax(benchmark::State& state) { RunF16(state, SummaryKind::kMinMax, 2); }
BENCHMARK(BM_SummaryScoreMinMax)->Apply(ShapeArguments);

void BM_SummaryScoreMinMaxInt8(benchmark::State& state) { RunInt8(state, SummaryKind::kMinMax, 2); }
BENCHMARK(BM_SummaryScoreMinMaxInt8)->Apply(ShapeArguments);

// One score per block, or the mass of four rows.
void RunPool(benchmark::State& state, int rows, const Block* blocks) {
  const BenchShape shape = UseShape(state);
  const auto scores = BenchFloats(static_cast<size_t>(kBlocks * rows) * shape.group_heads);
  std::vector<float> room(static_cast<size_t>(kBlocks * rows));
  std::vector<float> pooled(static_cast<size_t>(kBlocks));
  for (auto _ : state) {
    PoolScores({.scores = scores.data(),
                .score_stride = kBlocks * rows,
                .group_heads = shape.group_heads,
                .num_blocks = kBlocks,
                .rows = rows,
                .blocks = blocks},
               room.data(), pooled.data());
    benchmark::ClobberMemory();
  }
  CountRate(state, "scores/s", static_cast<double>(kBlocks * rows) * shape.group_heads);
}

void BM_PoolScores(benchmark::State& state) { RunPool(state, 1, nullptr); }
BENCHMARK(BM_PoolScores)->Apply(ShapeArguments);

void BM_PoolMass(benchmark::State& state) {
  const std::vector<Block> blocks(static_cast<size_t>(kBlocks), Block{.start = 0, .length = 5});
  RunPool(state, 4, blocks.data());
}
BENCHMARK(BM_PoolMass)->Apply(ShapeArguments);

}  // namespace
}  // namespace dynsplit
