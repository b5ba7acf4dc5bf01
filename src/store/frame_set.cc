#include "store/frame_set.h"

#include <algorithm>
#include <new>
#include <string>

#include "base/check.h"

namespace dynsplit {

Result<int32_t> FrameSet::Take() {
  if (free_.empty()) DYNSPLIT_RETURN_IF_ERROR(AddSlab());
  const int32_t frame = free_.back();
  free_.pop_back();
  return frame;
}

Status FrameSet::AddSlab() {
  size_t count = slab_frames_;
  if (max_bytes_ != 0) count = std::min(count, max_bytes_ / frame_bytes_ - num_frames_);
  if (count == 0) {
    return ResourceExhausted("KV pages: all " + std::to_string(max_bytes_) +
                             " bytes that they may take are in use");
  }
  try {
    // A few bytes more make it a whole huge page.
    const size_t bytes =
        count == slab_frames_ ? std::max(kHugePage, count * frame_bytes_) : count * frame_bytes_;
    AlignedBuffer<f16> slab(bytes / sizeof(f16));
    if (max_bytes_ == 0) slabs_.reserve(slabs_.size() + 1);
    free_.reserve(num_frames_ + count);
    DYNSPLIT_CHECK(max_bytes_ == 0 || slabs_.size() < slabs_.capacity());  // they stay
    slabs_.push_back(std::move(slab));
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("KV pages: no memory for " +
                             std::to_string(allocated_bytes() + count * frame_bytes_) + " bytes");
  }
  num_frames_ += count;
  for (size_t i = 1; i <= count; ++i) free_.push_back(static_cast<int32_t>(num_frames_ - i));
  return {};
}

}  // namespace dynsplit
