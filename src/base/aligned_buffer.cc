#include "base/aligned_buffer.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace dynsplit {

void* AllocateAligned(size_t bytes) {
  const bool huge = bytes >= kHugePage;
  const size_t alignment = huge ? kHugePage : kBufferAlignment;
  const size_t rounded = (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
  void* memory = nullptr;
  // Not aligned_alloc: it may want whole multiples of the alignment.
  if (posix_memalign(&memory, alignment, rounded) != 0) throw std::bad_alloc();
  if (huge) AskForHugePages(memory, rounded);
  return memory;
}

void AskForHugePages([[maybe_unused]] void* memory, [[maybe_unused]] size_t bytes) {
#ifdef MADV_HUGEPAGE
  const size_t before = (kHugePage - reinterpret_cast<uintptr_t>(memory) % kHugePage) % kHugePage;
  if (bytes < before + kHugePage) return;
  madvise(static_cast<std::byte*>(memory) + before, (bytes - before) / kHugePage * kHugePage,
          MADV_HUGEPAGE);
#endif
}

}  // namespace dynsplit
