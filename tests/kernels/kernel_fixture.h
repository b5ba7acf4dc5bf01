// Random keys, values and queries in the layout of the kernels, and one test case per instruction
// set and head size.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/rng.h"
#include "gtest/gtest.h"
#include "kernels/f16.h"
#include "kernels/isa.h"
#include "kernels/kv_view.h"
#include "kernels/page_codec.h"

namespace dynsplit {

// Roughly normal: the sum of four uniforms, with mean 0 and the given spread.
inline float RandomNormal(Rng& rng, double spread = 1) {
  double sum = -2;
  for (int i = 0; i < 4; ++i) sum += rng.Uniform();
  return static_cast<float>(sum * spread * std::sqrt(3.0));
}

inline std::vector<float> RandomFloats(Rng& rng, size_t count, double spread = 1) {
  std::vector<float> values(count);
  for (float& value : values) value = RandomNormal(rng, spread);
  return values;
}

inline std::vector<f16> RandomF16(Rng& rng, size_t count, double spread = 1) {
  std::vector<f16> values(count);
  for (f16& value : values) value = F16FromF32(RandomNormal(rng, spread));
  return values;
}

// Pages that hold `num_tokens` random tokens. What lies behind the last token is NaN: no kernel may
// let it into a result.
class RandomPages {
 public:
  // Values are as wide as keys unless `value_dim` says otherwise.
  RandomPages(Rng& rng, int64_t num_tokens, int head_dim, double spread = 1, int value_dim = 0)
      : num_tokens_(num_tokens),
        head_dim_(head_dim),
        value_dim_(value_dim > 0 ? value_dim : head_dim) {
    for (int64_t start = 0; start < num_tokens || keys_.empty(); start += kPageTokens) {
      keys_.push_back(AddPage(head_dim_));
      values_.push_back(AddPage(value_dim_));
    }
    for (int64_t token = 0; token < num_tokens; ++token) {
      for (int j = 0; j < head_dim_; ++j) Key(token)[j] = F16FromF32(RandomNormal(rng, spread));
      for (int j = 0; j < value_dim_; ++j) Value(token)[j] = F16FromF32(RandomNormal(rng, spread));
    }
  }

  KvView View() const { return {keys_.data(), values_.data(), head_dim_, value_dim_}; }
  f16* const* key_pages() { return keys_.data(); }
  f16* const* value_pages() { return values_.data(); }
  f16* Key(int64_t token) { return keys_[token / kPageTokens] + token % kPageTokens * head_dim_; }
  f16* Value(int64_t token) {
    return values_[token / kPageTokens] + token % kPageTokens * value_dim_;
  }
  int64_t num_tokens() const { return num_tokens_; }

 private:
  f16* AddPage(int width) {
    pages_.emplace_back(PageElements(width));
    for (f16& value : pages_.back().span()) value = 0x7e00;
    return pages_.back().data();
  }

  int64_t num_tokens_;
  int head_dim_;
  int value_dim_;
  std::vector<AlignedBuffer<f16>> pages_;
  std::vector<f16*> keys_;
  std::vector<f16*> values_;
};

// Pages in other types, and what they decode to.
class EncodedPages {
 public:
  // `cold_end`: of whole pages.
  EncodedPages(const RandomPages& pages, KvTypes types, int64_t cold_end)
      : types_(types), cold_end_(cold_end), from_(pages.View()) {
    for (int64_t token = 0; token < pages.num_tokens(); token += kPageTokens) {
      Add(KvPart::kKeys, token, from_.Key(token), &keys_, &decoded_keys_);
      Add(KvPart::kValues, token, from_.Value(token), &values_, &decoded_values_);
    }
  }

  KvView View() const {
    return {keys_.data(), values_.data(), from_.head_dim, from_.value_dim, types_, cold_end_};
  }
  KvView Decoded() const {
    return {decoded_keys_.data(), decoded_values_.data(), from_.head_dim, from_.value_dim};
  }

 private:
  void Add(KvPart part, int64_t token, const f16* rows, std::vector<const f16*>* pages,
           std::vector<const f16*>* decoded) {
    const KvType type = token < cold_end_ ? types_.cold : types_.hot;
    const int width = from_.Width(part);
    AlignedBuffer<f16> page(PageBytes(type, width) / sizeof(f16));
    AlignedBuffer<f16> as_f16(PageElements(width));
    if (type == KvType::kF16) {
      std::copy_n(rows, page.size(), page.data());
    } else {
      EncodePage(type, rows, width, page.data());
    }
    DecodePage(type, page.data(), {}, width, as_f16.data());
    pages->push_back(page.data());
    decoded->push_back(as_f16.data());
    memory_.push_back(std::move(page));
    memory_.push_back(std::move(as_f16));
  }

  KvTypes types_;
  int64_t cold_end_;
  KvView from_;
  std::vector<AlignedBuffer<f16>> memory_;
  std::vector<const f16*> keys_, values_, decoded_keys_, decoded_values_;
};

// Every value within `tolerance` of the expected one, relative to the largest expected magnitude
// (or to 1, where that is larger).
inline void ExpectNear(const std::vector<float>& got, const std::vector<float>& want,
                       double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  double largest = 1;
  for (float value : want) largest = std::fmax(largest, std::fabs(value));
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], want[i], tolerance * largest) << "at " << i;
  }
}

// (instruction set, head_dim, tolerance)
using KernelParam = std::tuple<std::string, int, double>;

// Every group size is run within a test: as parameters they would make four times the processes.
inline constexpr int kGroupSizes[] = {1, 3, 6, 7};

class KernelTest : public ::testing::TestWithParam<KernelParam> {
 protected:
  KernelTest() { RestrictIsa(std::get<0>(GetParam())); }
  ~KernelTest() override { RestrictIsa(""); }

  int head_dim() const { return std::get<1>(GetParam()); }
  int group_heads() const { return group_heads_; }
  // Of values where they are not as wide as keys: narrower and wider ones.
  int other_dim() const { return head_dim() == 16 ? 48 : head_dim() - head_dim() / 32 * 16; }
  double tolerance() const { return std::get<2>(GetParam()); }
  float scale() const { return 1 / std::sqrt(static_cast<float>(head_dim())); }

  // Calls fn() with group_heads() on each of kGroupSizes.
  template <typename Fn>
  void ForGroupSizes(const Fn& fn, std::span<const int> sizes = kGroupSizes) {
    for (int size : sizes) {
      SCOPED_TRACE("group of " + std::to_string(size));
      group_heads_ = size;
      fn();
    }
  }

  Rng rng_{20240501};

 private:
  int group_heads_ = 1;
};

inline auto KernelCases(double tolerance) {
  return ::testing::Combine(::testing::ValuesIn(AvailableIsas()),
                            ::testing::Values(16, 48, 64, 80, 96, 128, 256),
                            ::testing::Values(tolerance));
}

inline std::string KernelCaseName(const ::testing::TestParamInfo<KernelParam>& param) {
  return std::get<0>(param.param) + "_d" + std::to_string(std::get<1>(param.param));
}

// For literal cases: one per instruction set.
class IsaTest : public ::testing::TestWithParam<std::string> {
 protected:
  IsaTest() { RestrictIsa(GetParam()); }
  ~IsaTest() override { RestrictIsa(""); }
};

inline std::string IsaCaseName(const ::testing::TestParamInfo<std::string>& param) {
  return param.param;
}

}  // namespace dynsplit
