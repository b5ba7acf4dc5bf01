#include "kernels/causal_attention_simd.h"

#include <algorithm>
#include <cmath>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/causal_attention_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/exp-inl.h"
#include "kernels/page_decode-inl.h"
#include "kernels/query_columns-inl.h"
#include "kernels/score_cap-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

// The queries of one call and everything in its scratch memory.
struct Work {
  size_t head_dim = 0;
  size_t value_dim = 0;
  size_t num_queries = 0;
  float score_cap = 0;
  int64_t window = 0;
  float* queries = nullptr;
  float* outputs = nullptr;
  float* keys = nullptr;
  float* values = nullptr;
  float* scores = nullptr;
  float* rows = nullptr;
  float* max = nullptr;
  float* sum = nullptr;
};

QueryRows QueriesOf(const CausalAttentionArgs& args) {
  return {.queries = args.queries,
          .row_stride = args.query_row_stride,
          .rows = static_cast<size_t>(args.rows),
          .group_heads = static_cast<size_t>(args.group_heads),
          .head_dim = static_cast<size_t>(args.kv.head_dim),
          .scale = args.scale};
}

// Loads the queries and clears the running state.
void Start(const CausalAttentionArgs& args, const Work& work) {
  const QueryRows queries = QueriesOf(args);
  ForBlocks(work.num_queries, [&](const Block& block) DYNSPLIT_SIMD_LAMBDA {
    LoadColumns(queries, block, work.queries + block.first * work.head_dim);
    const size_t width = block.Width();
    for (size_t i = 0; i < width; ++i) {
      const size_t query = std::min(block.first + i, work.num_queries - 1);
      work.rows[block.first + i] = static_cast<float>(query / queries.group_heads);
      work.max[block.first + i] = hwy::LowestValue<float>();
      work.sum[block.first + i] = 0;
    }
    std::fill_n(work.outputs + block.first * work.value_dim, width * work.value_dim, 0.0f);
  });
}

// Normalises the outputs and writes them back as rows.
void StoreOutputs(const CausalAttentionArgs& args, const Work& work) {
  const size_t heads = static_cast<size_t>(args.group_heads);
  ForBlocks(work.num_queries, [&](const Block& block) DYNSPLIT_SIMD_LAMBDA {
    const float* columns = work.outputs + block.first * work.value_dim;
    const size_t width = block.Width();
    for (size_t i = 0; i < block.queries; ++i) {
      const int64_t row = static_cast<int64_t>((block.first + i) / heads);
      const size_t head = (block.first + i) % heads;
      const float sum = work.sum[block.first + i];
      float* output = args.outputs + row * args.output_row_stride + head * work.value_dim;
      for (size_t j = 0; j < work.value_dim; ++j) output[j] = columns[j * width + i] / sum;
      if (args.lse == nullptr) continue;
      args.lse[row * args.lse_row_stride + head] = work.max[block.first + i] + std::log(sum);
    }
  });
}

// Turns one vector's column of scores into weights relative to the new maximum. A query of row r
// sees the page's keys up to visible + r. Returns what its sums so far are to be multiplied with.
template <size_t kVecs>
HWY_INLINE Vec SoftmaxColumn(const Work& work, size_t query, float* scores, size_t count,
                             float visible) {
  const Tag d;
  const size_t stride = kVecs * hn::Lanes(d);
  const Vec last = hn::Add(hn::Load(d, work.rows + query), hn::Set(d, visible));
  const Vec old_max = hn::Load(d, work.max + query);
  Vec max = old_max;
  if (hn::AllTrue(d, hn::Ge(last, hn::Set(d, static_cast<float>(count - 1))))) {
    for (size_t i = 0; i < count; ++i) max = hn::Max(max, hn::Load(d, scores + i * stride));
  } else {
    for (size_t i = 0; i < count; ++i) {
      const auto seen = hn::Le(hn::Set(d, static_cast<float>(i)), last);
      const Vec score = hn::IfThenElse(seen, hn::Load(d, scores + i * stride), hn::Neg(hn::Inf(d)));
      hn::Store(score, d, scores + i * stride);
      max = hn::Max(max, score);
    }
  }
  Vec sum = hn::Zero(d);
  for (size_t i = 0; i < count; ++i) {
    const Vec weight = FastExp(d, hn::Sub(hn::Load(d, scores + i * stride), max));
    hn::Store(weight, d, scores + i * stride);
    sum = hn::Add(sum, weight);
  }
  const Vec decay = FastExp(d, hn::Sub(old_max, max));
  hn::Store(max, d, work.max + query);
  hn::Store(hn::MulAdd(decay, hn::Load(d, work.sum + query), sum), d, work.sum + query);
  return decay;
}

// outputs [value_dim, kVecs vectors] = decay * outputs + values transposed x weights.
template <size_t kVecs>
HWY_INLINE void Accumulate(const Work& work, float* outputs, size_t count,
                           const Vec (&decay)[kVecs]) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  for (size_t j = 0; j < work.value_dim; j += kUnits) {
    float* out = outputs + j * kVecs * lanes;
    Vec sum[kUnits][kVecs];
    Unroll<kUnits>([&](auto u) DYNSPLIT_SIMD_LAMBDA {
      Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA {
        sum[u][v] = hn::Mul(decay[v], hn::Load(d, out + (u * kVecs + v) * lanes));
      });
    });
    for (size_t key = 0; key < count; ++key) {
      const float* value = work.values + key * work.value_dim + j;
      Vec weight[kVecs];
      Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA {
        weight[v] = hn::Load(d, work.scores + (key * kVecs + v) * lanes);
      });
      Unroll<kUnits>([&](auto u) DYNSPLIT_SIMD_LAMBDA {
        const Vec element = hn::Set(d, value[u]);
        Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA {
          sum[u][v] = hn::MulAdd(element, weight[v], sum[u][v]);
        });
      });
    }
    Unroll<kUnits>([&](auto u) DYNSPLIT_SIMD_LAMBDA {
      Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA {
        hn::Store(sum[u][v], d, out + (u * kVecs + v) * lanes);
      });
    });
  }
}

// Takes from one vector's column of scores the keys behind the window: a query of row r sees the
// page's keys from first_seen + r on.
template <size_t kVecs>
HWY_INLINE void MaskBehindWindow(const Work& work, size_t query, float* scores, size_t count,
                                 float first_seen) {
  const Tag d;
  const Vec first = hn::Add(hn::Load(d, work.rows + query), hn::Set(d, first_seen));
  for (size_t i = 0; i < count; ++i) {
    float* score = scores + i * kVecs * hn::Lanes(d);
    const auto behind = hn::Lt(hn::Set(d, static_cast<float>(i)), first);
    hn::Store(hn::IfThenElse(behind, hn::Neg(hn::Inf(d)), hn::Load(d, score)), d, score);
  }
}

// Which keys of a page the queries of a block see: those of row r up to visible + r and, where the
// window begins in the page, from first_seen + r on.
struct SeenKeys {
  float visible = 0;
  float first_seen = 0;
  bool in_window = true;  // all of them, for all rows
};

// One block of queries against the first `count` keys in work.keys.
template <size_t kVecs>
void AddKeys(const Work& work, size_t first, size_t count, const SeenKeys& seen) {
  Vec decay[kVecs];
  Multiply<kVecs>(work.keys, count, work.head_dim, work.queries + first * work.head_dim,
                  work.scores);
  const size_t lanes = hn::Lanes(Tag());
  CapIfAny(work.scores, count * kVecs * lanes, 1, work.score_cap);  // the columns are scaled
  for (size_t v = 0; v < kVecs && !seen.in_window; ++v) {
    MaskBehindWindow<kVecs>(work, first + v * lanes, work.scores + v * lanes, count,
                            seen.first_seen);
  }
  for (size_t v = 0; v < kVecs; ++v) {
    decay[v] =
        SoftmaxColumn<kVecs>(work, first + v * lanes, work.scores + v * lanes, count, seen.visible);
  }
  Accumulate<kVecs>(work, work.outputs + first * work.value_dim, count, decay);
}

// All queries against the `count` keys in work.keys, of which row i sees those up to visible + i.
void AddKeysToAll(const Work& work, int64_t count, int64_t visible) {
  ClearPadding(static_cast<size_t>(count), work.head_dim, work.keys);
  ForBlocks(work.num_queries, [&](const Block& block) DYNSPLIT_SIMD_LAMBDA {
    const int64_t first_row = static_cast<int64_t>(work.rows[block.first]);
    const int64_t last_row = static_cast<int64_t>(work.rows[block.first + block.queries - 1]);
    const int64_t seen = std::min(count, visible + last_row + 1);
    const int64_t first_seen = work.window == 0 ? -kMaxQueryRows : visible + 1 - work.window;
    if (seen <= 0 || first_seen + first_row >= count) return;
    const size_t keys = static_cast<size_t>(seen);
    const SeenKeys of_row0 = {
        .visible = static_cast<float>(std::min<int64_t>(visible, kPageTokens)),
        .first_seen = static_cast<float>(std::max<int64_t>(first_seen, -kMaxQueryRows)),
        .in_window = first_seen + last_row <= 0};
    if (block.vecs == 3) AddKeys<3>(work, block.first, keys, of_row0);
    if (block.vecs == 2) AddKeys<2>(work, block.first, keys, of_row0);
    if (block.vecs == 1) AddKeys<1>(work, block.first, keys, of_row0);
  });
}

// `tokens` are in one page.
void LoadKeys(const KvView& kv, TokenRange tokens, size_t at, const Work& work) {
  const size_t count = static_cast<size_t>(tokens.end - tokens.start);
  HWY_ALIGN_MAX f16 room[kPageTokens * kMaxHeadDim];
  const f16* keys = F16Rows(kv.Part(KvPart::kKeys), tokens, room);
  LoadRows(keys, count, work.head_dim, work.keys + at * work.head_dim);
  const f16* values = F16Rows(kv.Part(KvPart::kValues), tokens, room);
  LoadRows(values, count, work.value_dim, work.values + at * work.value_dim);
}

void AttendToPage(const CausalAttentionArgs& args, const Work& work, int64_t page) {
  const int64_t start = page * kPageTokens;
  const int64_t visible = args.first_position - start;  // key that row 0 sees last
  const int64_t count = std::min<int64_t>(kPageTokens, visible + args.rows);
  LoadKeys(args.kv, {start, start + count}, 0, work);
  AddKeysToAll(work, count, visible);
}

// Gathers the keys of all ranges, wherever they lie, into full loads of kPageTokens.
void AttendToEarlier(const CausalAttentionArgs& args, const Work& work) {
  int64_t held = 0;
  for (int i = 0; i < args.num_earlier; ++i) {
    for (int64_t token = args.earlier[i].start; token < args.earlier[i].end;) {
      const int64_t page_end = (token / kPageTokens + 1) * kPageTokens;
      const int64_t end = std::min({args.earlier[i].end, page_end, token + kPageTokens - held});
      LoadKeys(args.kv, {token, end}, static_cast<size_t>(held), work);
      held += end - token;
      token = end;
      if (held < kPageTokens) continue;
      AddKeysToAll(work, held, kPageTokens);
      held = 0;
    }
  }
  if (held > 0) AddKeysToAll(work, held, kPageTokens);
}

Work WorkIn(const CausalAttentionArgs& args, float* scratch) {
  const size_t head_dim = static_cast<size_t>(args.kv.head_dim);
  const size_t value_dim = static_cast<size_t>(args.kv.value_dim);
  const size_t num_queries = static_cast<size_t>(args.rows) * args.group_heads;
  const CausalScratch at(head_dim, value_dim, num_queries);
  return {.head_dim = head_dim,
          .value_dim = value_dim,
          .num_queries = num_queries,
          .score_cap = args.score_cap,
          .window = args.window,
          .queries = scratch + at.queries,
          .outputs = scratch + at.outputs,
          .keys = scratch + at.keys,
          .values = scratch + at.values,
          .scores = scratch + at.scores,
          .rows = scratch + at.rows,
          .max = scratch + at.max,
          .sum = scratch + at.sum};
}

void CausalStartTarget(const CausalAttentionArgs& args, float* scratch) {
  Start(args, WorkIn(args, scratch));
}

void CausalAddEarlierTarget(const CausalAttentionArgs& args, float* scratch) {
  AttendToEarlier(args, WorkIn(args, scratch));
}

void CausalAddTarget(const CausalAttentionArgs& args, TokenRange tokens, float* scratch) {
  const Work work = WorkIn(args, scratch);
  for (int64_t token = tokens.start; token < tokens.end; token += kPageTokens) {
    AttendToPage(args, work, token / kPageTokens);
  }
}

void CausalFinishTarget(const CausalAttentionArgs& args, float* scratch) {
  StoreOutputs(args, WorkIn(args, scratch));
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(CausalStartTarget);
HWY_EXPORT(CausalAddEarlierTarget);
HWY_EXPORT(CausalAddTarget);
HWY_EXPORT(CausalFinishTarget);

void CausalAttentionStartSimd(const CausalAttentionArgs& args, float* scratch) {
  HWY_DYNAMIC_DISPATCH(CausalStartTarget)(args, scratch);
}

void CausalAttentionAddEarlierSimd(const CausalAttentionArgs& args, float* scratch) {
  HWY_DYNAMIC_DISPATCH(CausalAddEarlierTarget)(args, scratch);
}

void CausalAttentionAddSimd(const CausalAttentionArgs& args, TokenRange tokens, float* scratch) {
  HWY_DYNAMIC_DISPATCH(CausalAddTarget)(args, tokens, scratch);
}

void CausalAttentionFinishSimd(const CausalAttentionArgs& args, float* scratch) {
  HWY_DYNAMIC_DISPATCH(CausalFinishTarget)(args, scratch);
}

}  // namespace dynsplit
#endif
