#include "store/decoded_pages.h"

#include "kernels/page_codec.h"

namespace dynsplit {

KvView DecodedPages::Decode(const KvView& kv, KvPart part, TokenRange tokens) {
  const PartView from = kv.Part(part);
  if (!from.encoded() || tokens.start >= tokens.end) return kv;
  const int64_t first = tokens.start / kPageTokens, last = (tokens.end - 1) / kPageTokens;
  const size_t page_elements = PageElements(kv.Width(part));
  rows_.Resize(static_cast<size_t>(last - first + 1) * page_elements);
  if (pages_.size() <= static_cast<size_t>(last)) pages_.resize(static_cast<size_t>(last) + 1);
  for (int64_t page = first; page <= last; ++page) {
    const int64_t token = page * kPageTokens;
    const f16*& to = pages_[static_cast<size_t>(page)];
    to = from.Page(token);
    if (from.Type(token) == KvType::kF16) continue;
    f16* rows = rows_.data() + static_cast<size_t>(page - first) * page_elements;
    DecodePage(from.Type(token), to, {}, kv.Width(part), rows);
    to = rows;
  }
  const bool keys = part == KvPart::kKeys;
  return {keys ? pages_.data() : nullptr, keys ? nullptr : pages_.data(), kv.head_dim,
          kv.value_dim};
}

}  // namespace dynsplit
