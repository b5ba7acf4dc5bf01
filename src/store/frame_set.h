// The memory that pages are in: frames of one size from slabs, which are kept until the set is
// destroyed, so a frame that is given back serves the next one who asks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned_buffer.h"
#include "dynsplit/status.h"
#include "kernels/page_format.h"

namespace dynsplit {

// Thread safety: none, but that Rows of a set with a bound may be called beside anything.
class FrameSet {
 public:
  // max_bytes bounds the memory of all, 0: no bound.
  FrameSet(size_t frame_bytes, size_t max_bytes)
      : frame_bytes_(frame_bytes),
        max_bytes_(max_bytes),
        slab_frames_(static_cast<uint32_t>(std::max<size_t>(1, kHugePage / frame_bytes))) {
    // So that they stay where they are: what is in frames is read while one more slab is made.
    if (max_bytes != 0) slabs_.reserve(max_bytes / frame_bytes / slab_frames_ + 1);
  }

  // An uninitialised frame. ResourceExhausted at the bound, or when the system has no memory.
  // Cost: O(1), but for a slab once in a while.
  Result<int32_t> Take();
  void Give(int32_t frame) noexcept { free_.push_back(frame); }
  // Whether Take would find nothing within the bound.
  bool full() const {
    return free_.empty() && max_bytes_ != 0 && num_frames_ == max_bytes_ / frame_bytes_;
  }

  // Of a frame that is taken.
  f16* Rows(int32_t frame) {
    const auto idx = static_cast<uint32_t>(frame);         // divided faster than what is wider
    f16* slab = slabs_.data()[idx / slab_frames_].data();  // slabs_[i] may look at their number
    return slab + idx % slab_frames_ * (frame_bytes_ / sizeof(f16));
  }
  size_t frame_bytes() const { return frame_bytes_; }
  size_t num_frames() const { return num_frames_; }  // taken or free
  size_t allocated_bytes() const { return num_frames_ * frame_bytes_; }

 private:
  Status AddSlab();

  size_t frame_bytes_;
  size_t max_bytes_;
  uint32_t slab_frames_;  // that fill a huge page
  size_t num_frames_ = 0;
  std::vector<AlignedBuffer<f16>> slabs_;
  std::vector<int32_t> free_;  // has room for all, so that giving one back cannot fail
};

}  // namespace dynsplit
