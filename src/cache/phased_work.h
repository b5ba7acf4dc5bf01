// Work in phases, one after the other, each of parts that any worker may take: what one worker does
// alone between two phases keeps the others from nothing else.
//
//   Open  Claim* IsLast*  (Open  Claim* IsLast*)*  End
//
// Thread safety: Claim, IsLast of distinct parts and ended may run at once, with anything.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/check.h"
#include "cache/claims.h"

namespace dynsplit {

class PhasedWork {
 public:
  struct Part {
    int phase = 0;
    int idx = 0;
    int count = 1;  // of the phase
  };

  // Opens a phase (0..1,000) of so many parts (1..2^20): before the first one, and by the worker
  // for whom IsLast was true. The others see what that worker wrote until then.
  void Open(int phase, int parts) {
    DYNSPLIT_DCHECK(phase >= 0 && phase <= 1000 && parts > 0 && parts <= 1 << 20);
    next_.store((static_cast<uint64_t>(phase) << 48) | (static_cast<uint64_t>(parts) << 24),
                std::memory_order_release);
  }
  // Likewise, after the last phase.
  void End() { next_.store(0, std::memory_order_release); }
  // Whether it is; nothing has begun before the first phase either.
  bool ended() const { return CountOf(next_.load(std::memory_order_acquire)) == 0; }

  // A part that is this worker's from now on; none where all of the phase are taken.
  std::optional<Part> Claim() {
    if (!IsThere(next_.load(std::memory_order_relaxed))) return std::nullopt;
    // No more than a worker each comes too late, so the parts' number stays within its bits.
    const uint64_t next = next_.fetch_add(1, std::memory_order_acquire);
    if (!IsThere(next)) return std::nullopt;
    return Part{static_cast<int>(next >> 48), static_cast<int>(next & kBits), CountOf(next)};
  }
  // After each part. True for the last of its phase, who sees what the others wrote, and is to
  // open the next one.
  bool IsLast(const Part& part) { return IsLastDone(done_, part.count); }

 private:
  static constexpr uint64_t kBits = (uint64_t{1} << 24) - 1;

  static int CountOf(uint64_t next) { return static_cast<int>(next >> 24 & kBits); }
  static bool IsThere(uint64_t next) { return static_cast<int>(next & kBits) < CountOf(next); }

  std::atomic<uint64_t> next_{0};  // phase, parts, next part: 16, 24, 24 bits
  std::atomic<int> done_{0};
};

}  // namespace dynsplit
