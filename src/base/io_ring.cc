#include "base/io_ring.h"

#include <liburing.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"

namespace dynsplit {

std::unique_ptr<IoRing> IoRing::Create(int descriptor) {
  auto ring = std::make_unique<io_uring>();
  if (io_uring_queue_init(kEntries, ring.get(), 0) < 0) return nullptr;
  std::unique_ptr<IoRing> made(new IoRing(std::move(ring)));
  // So the kernel looks the file up once.
  return io_uring_register_files(made->ring_.get(), &descriptor, 1) == 0 ? std::move(made)
                                                                         : nullptr;
}

IoRing::IoRing(std::unique_ptr<io_uring> ring) : ring_(std::move(ring)) {}
IoRing::~IoRing() { io_uring_queue_exit(ring_.get()); }

bool IoRing::Read(std::span<FileRead> reads) {
  bool works = true;
  while (works && !reads.empty()) {
    const size_t count = std::min<size_t>(kEntries, reads.size());
    works = ReadSome(reads.first(count));
    reads = reads.subspan(count);
  }
  return works;
}

bool IoRing::ReadSome(std::span<FileRead> reads) {
  for (FileRead& read : reads) {
    io_uring_sqe* entry = io_uring_get_sqe(ring_.get());  // there is one: all came back
    constexpr int kTheFile = 0;                           // of those that are registered
    io_uring_prep_read(entry, kTheFile, read.bytes.data(), static_cast<unsigned>(read.bytes.size()),
                       read.offset);
    io_uring_sqe_set_flags(entry, IOSQE_FIXED_FILE);
    io_uring_sqe_set_data(entry, &read);
  }
  int submitted = io_uring_submit_and_wait(ring_.get(), static_cast<unsigned>(reads.size()));
  const bool all = submitted == static_cast<int>(reads.size());
  // The kernel writes to the bytes of what it was given until it says that it is done.
  for (; submitted > 0; --submitted) {
    io_uring_cqe* done = nullptr;
    int status = 0;
    do {
      status = io_uring_wait_cqe(ring_.get(), &done);
    } while (status == -EINTR);
    DYNSPLIT_CHECK(status == 0);  // there is no other error, and nobody else may have these bytes
    auto* read = static_cast<FileRead*>(io_uring_cqe_get_data(done));
    if (done->res > 0) {
      read->offset += static_cast<uint64_t>(done->res);
      read->bytes = read->bytes.subspan(static_cast<size_t>(done->res));
    }
    io_uring_cqe_seen(ring_.get(), done);
  }
  return all;
}

}  // namespace dynsplit
