#include "base/aligned_buffer.h"

#include <sys/mman.h>

#include <new>

namespace dynsplit {

void* AllocateAligned(size_t bytes) {
  const bool huge = bytes >= kHugePage;
  const size_t alignment = huge ? kHugePage : kBufferAlignment;
  const size_t rounded = (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
  void* memory = nullptr;
  // Not aligned_alloc: it may want whole multiples of the alignment.
  if (posix_memalign(&memory, alignment, rounded) != 0) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  // Whole huge pages only, and no matter if there are none.
  if (huge) madvise(memory, rounded / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return memory;
}

}  // namespace dynsplit
