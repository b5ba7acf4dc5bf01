#include "cache/look_lists.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace dynsplit {

bool AllPointAlike(std::span<const float> a, std::span<const float> b, size_t length,
                   double cosine) {
  if (a.size() != b.size()) return false;
  constexpr size_t kLanes = 8;
  for (size_t first = 0; first < a.size(); first += length) {
    float products[kLanes] = {}, squares_a[kLanes] = {}, squares_b[kLanes] = {};
    for (size_t i = first; i < first + length; i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const float of_a = a[i + lane], of_b = b[i + lane];
        products[lane] += of_a * of_b;
        squares_a[lane] += of_a * of_a;
        squares_b[lane] += of_b * of_b;
      }
    }
    const auto sum = [](const float* lanes) { return std::accumulate(lanes, lanes + kLanes, 0.0); };
    const double lengths = std::sqrt(sum(squares_a) * sum(squares_b));
    if (!(sum(products) >= cosine * lengths)) return false;  // nor where it is no number
  }
  return true;
}

void LookLists::Reset(int64_t position, int64_t num_blocks) {
  position_ = position;
  num_blocks_ = num_blocks;
  for (Look& look : looks_) look.is_made = false;
  Abandon();
}

std::vector<int32_t>* LookLists::Renew(LayerHead head, std::span<const float> queries) {
  Look& look = renewed_[Index(head)];
  look.is_made = true;
  look.queries.assign(queries.begin(), queries.end());
  return &look.blocks;
}

void LookLists::Commit() {
  for (size_t i = 0; i < looks_.size(); ++i) {
    if (renewed_[i].is_made) std::swap(looks_[i], renewed_[i]);
  }
  Abandon();
}

void LookLists::Abandon() {
  for (Look& look : renewed_) look.is_made = false;
}

void LookLists::Save(ArchiveWriter* archive) const {
  archive->Put(position_);
  archive->Put(num_blocks_);
  for (const Look& look : looks_) {
    archive->Put(look.is_made);
    if (!look.is_made) continue;
    archive->PutVector(look.blocks);
    archive->PutVector(look.queries);
  }
}

// Whether a text has such blocks: the sink is one, and no candidate.
bool LookLists::Fits(const Look& look, const Text& text, int64_t num_blocks) {
  const std::vector<int32_t>& blocks = look.blocks;
  const bool ascends =
      std::adjacent_find(blocks.begin(), blocks.end(), std::greater_equal<>()) == blocks.end();
  const int32_t first = text.sink > 0 ? 1 : 0;
  return ascends && (blocks.empty() || (blocks.front() >= first && blocks.back() < num_blocks));
}

Result<LookLists> LookLists::Load(const CacheShape& shape, const Text& text,
                                  ArchiveReader* archive) {
  const auto position = archive->Get<int64_t>();
  const auto among = archive->Get<int64_t>();
  if (position < 0 || position >= text.tokens || among < 0 || among > text.num_blocks) {
    return archive->Wrong("what was looked at does not fit the text");
  }
  LookLists looks(shape, position, among);
  for (Look& look : looks.looks_) {
    look.is_made = archive->Get<uint8_t>() != 0;
    if (!look.is_made) continue;
    look.blocks = archive->GetVector<int32_t>();
    look.queries = archive->GetVector<float>();
    if (!Fits(look, text, among)) return archive->Wrong("what was looked at is none of its blocks");
    const auto head_dim = static_cast<size_t>(shape.head_dim);
    if (look.queries.size() % head_dim != 0 ||
        look.queries.size() > head_dim * static_cast<size_t>(shape.num_heads)) {
      return archive->Wrong("what was looked at is for queries of another shape");
    }
  }
  return looks;
}

}  // namespace dynsplit
