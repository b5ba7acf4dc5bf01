#include "cache/look_lists.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace dynsplit {

bool PointAlike(std::span<const float> a, std::span<const float> b, size_t length, double cosine) {
  if (a.size() != b.size()) return false;
  for (size_t first = 0; first < a.size(); first += length) {
    float product = 0, of_a = 0, of_b = 0;
    for (size_t i = first; i < first + length; ++i) {
      product += a[i] * b[i];
      of_a += a[i] * a[i];
      of_b += b[i] * b[i];
    }
    if (!(product >= cosine * std::sqrt(double{of_a} * double{of_b}))) return false;  // NaN: no
  }
  return true;
}

void LookLists::Reset(int64_t position, int64_t num_blocks) {
  position_ = position;
  num_blocks_ = num_blocks;
  for (Look& look : looks_) look.position = kNone;
}

bool LookLists::Serves(LayerHead head, int64_t position, std::span<const float> queries,
                       double cosine) const {
  const Look& look = looks_[Index(head)];
  return look.position != kNone && look.position < position &&
         PointAlike(look.queries, queries, static_cast<size_t>(head_dim_), cosine);
}

std::vector<int32_t>* LookLists::Renew(LayerHead head, int64_t position,
                                       std::span<const float> queries) {
  Look& look = looks_[Index(head)];
  look.position = position;
  look.queries.assign(queries.begin(), queries.end());
  return &look.blocks;
}

void LookLists::Save(int64_t tokens, ArchiveWriter* archive) const {
  archive->Put(position_);
  archive->Put(num_blocks_);
  for (const Look& look : looks_) {
    const bool is_of_text = look.position != kNone && look.position < tokens;
    archive->Put(is_of_text ? look.position : kNone);
    if (!is_of_text) continue;
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
    look.position = archive->Get<int64_t>();
    if (look.position == kNone) continue;
    look.blocks = archive->GetVector<int32_t>();
    look.queries = archive->GetVector<float>();
    if (look.position < position || look.position >= text.tokens) {
      return archive->Wrong("what was looked at does not fit the text");
    }
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
