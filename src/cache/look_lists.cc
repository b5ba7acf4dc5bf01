#include "cache/look_lists.h"

#include <algorithm>
#include <functional>

namespace dynsplit {

void LookLists::Save(ArchiveWriter* archive) const {
  archive->Put(position_);
  archive->Put(num_blocks_);
  for (const std::vector<int32_t>& list : lists_) archive->PutVector(list);
}

Result<LookLists> LookLists::Load(const CacheShape& shape, const Text& text,
                                  ArchiveReader* archive) {
  const auto position = archive->Get<int64_t>();
  const auto among = archive->Get<int64_t>();
  if (position < 0 || position >= text.tokens || among < 0 || among > text.num_blocks) {
    return archive->Wrong("what was looked at does not fit the text");
  }
  const int32_t first = text.sink > 0 ? 1 : 0;  // the sink is a block, and no candidate
  LookLists looks(shape, position, among);
  for (std::vector<int32_t>& list : looks.lists_) {
    list = archive->GetVector<int32_t>();
    const bool ascends =
        std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) == list.end();
    if (!ascends || (!list.empty() && (list.front() < first || list.back() >= among))) {
      return archive->Wrong("what was looked at is none of its blocks");
    }
  }
  return looks;
}

}  // namespace dynsplit
