// Keys or values as f16, whatever type their pages are of: for those who read every key once, to
// summarise or weigh it. Attention reads pages as they are.
#pragma once

#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/kv_view.h"

namespace dynsplit {

// Thread safety: none.
class DecodedPages {
 public:
  // `kv` itself where its pages are all f16. Else a view of that part alone, of these tokens: pages
  // that are f16 are those of `kv`, the others copies, valid until the next call.
  // Cost: a copy of the encoded pages, whole ones.
  KvView Decode(const KvView& kv, KvPart part, TokenRange tokens);

 private:
  AlignedBuffer<f16> rows_;
  std::vector<const f16*> pages_;  // [pages of the sequence]
};

}  // namespace dynsplit
