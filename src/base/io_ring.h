// Reads that the kernel is handed together (io_uring): it reads them side by side, where one thread
// that reads one after the other waits for each. Only a way to be fast: whatever is not read whole
// by it is to be read again by other means.
#pragma once

#include <memory>
#include <span>

#include "base/random_access_file.h"

struct io_uring;  // of liburing.h

namespace dynsplit {

// Thread safety: one thread at a time.
class IoRing {
 public:
  // For reads from an open file. Null where the kernel has no rings or forbids them, as many
  // containers do.
  static std::unique_ptr<IoRing> Create(int descriptor);
  ~IoRing();

  // Moves the beginning of each read past what was read of it; an empty one needs nothing more.
  // False: the ring failed, and is not to be used again. Nothing is under way afterwards.
  // Cost: a system call for each kEntries of them.
  bool Read(std::span<FileRead> reads);

  static constexpr unsigned kEntries = 32;  // as many as a pager moves at once

 private:
  explicit IoRing(std::unique_ptr<io_uring> ring);
  bool ReadSome(std::span<FileRead> reads);

  std::unique_ptr<io_uring> ring_;
};

}  // namespace dynsplit
