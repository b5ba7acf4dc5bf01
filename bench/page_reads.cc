// What a page costs that is read from the page file: one after the other, and several together, by
// threads and by the kernel (io_uring).
//
//     page_reads DIR
//
// Prints microseconds for each of 8 KiB, of the processor and on the clock: from the system's page
// cache, and from a file that it was told to forget. DIR must be on a disk for the latter.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/file.h"
#include "base/io_ring.h"
#include "base/random_access_file.h"
#include "base/read_threads.h"
#include "base/rng.h"

namespace dynsplit {
namespace {

constexpr size_t kPageBytes = 8192;
constexpr uint64_t kPages = 64 * 1024;  // 512 MiB
constexpr size_t kTogether = 32;        // as a pager moves at once
constexpr size_t kFrames = 8 * 1024;

double ProcessorUs() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) * 1e-3;
}

using ReadMany = std::function<void(std::span<FileRead>)>;

// Random pages to random frames.
Status Measure(const char* from, const char* how, size_t rounds, const ReadMany& read_many) {
  static AlignedBuffer<std::byte> frames(kFrames * kPageBytes);
  static Rng rng(1);
  const double processor = ProcessorUs();
  const auto start = std::chrono::steady_clock::now();
  for (size_t round = 0; round < rounds; ++round) {
    std::vector<FileRead> reads;
    for (size_t i = 0; i < kTogether; ++i) {
      std::byte* frame = frames.data() + rng.Below(kFrames) * kPageBytes;
      reads.push_back({rng.Below(kPages) * kPageBytes, {frame, kPageBytes}, {}});
    }
    read_many(reads);
    for (const FileRead& read : reads) DYNSPLIT_RETURN_IF_ERROR(read.status);
  }
  const std::chrono::duration<double, std::micro> clock = std::chrono::steady_clock::now() - start;
  const auto count = static_cast<double>(rounds * kTogether);
  std::printf("%-10s %-14s %8.2f us of the processor %8.2f us\n", from, how,
              (ProcessorUs() - processor) / count, clock.count() / count);
  return {};
}

Status WritePages(const std::string& path) {
  Result<NewFile> file = NewFile::Create(path);
  if (!file.ok()) return file.status();
  std::vector<std::byte> page(kPageBytes);
  for (uint64_t i = 0; i < kPages; ++i) {
    page[0] = static_cast<std::byte>(i);
    DYNSPLIT_RETURN_IF_ERROR(file->get()->WriteAt(i * kPageBytes, page));
  }
  return file->Finish();
}

// All ways, in turn.
Status MeasureAll(const std::string& path, bool forgotten) {
  const auto file = OpenFileToRead(path);
  if (!file.ok()) return file.status();
  Result<FileDescriptor> descriptor = FileDescriptor::Open(path);
  if (!descriptor.ok()) return descriptor.status();
  const std::unique_ptr<IoRing> ring = IoRing::Create(descriptor->get());
  std::deque<ReadThreads> threads;
  std::vector<std::pair<std::string, ReadMany>> ways;
  ways.emplace_back("one by one", [&](auto reads) { (*file)->RandomAccessFile::ReadMany(reads); });
  for (const int num_threads : {4, 8, 16, 31}) {
    ReadThreads& some = threads.emplace_back(file->get(), num_threads);
    ways.emplace_back(std::to_string(num_threads) + " threads",
                      [&some](auto reads) { some.Read(reads); });
  }
  if (ring != nullptr) ways.emplace_back("io_uring", [&](auto reads) { ring->Read(reads); });
  ways.emplace_back("ReadMany", [&](auto reads) { (*file)->ReadMany(reads); });
  for (int repeat = 0; repeat < 3; ++repeat) {
    for (const auto& [how, read_many] : ways) {
      if (forgotten) posix_fadvise(descriptor->get(), 0, 0, POSIX_FADV_DONTNEED);
      DYNSPLIT_RETURN_IF_ERROR(Measure(forgotten ? "forgotten" : "page cache", how.c_str(),
                                       forgotten ? 200 : 2000, read_many));
    }
  }
  return {};
}

Status Run(const std::string& path) {
  DYNSPLIT_RETURN_IF_ERROR(WritePages(path));
  DYNSPLIT_RETURN_IF_ERROR(MeasureAll(path, /*forgotten=*/false));
  return MeasureAll(path, /*forgotten=*/true);
}

}  // namespace
}  // namespace dynsplit

int main(int argc, char** argv) {
  const std::string path = std::string(argc == 2 ? argv[1] : ".") + "/page_reads.bin";
  const dynsplit::Status status = dynsplit::Run(path);
  unlink(path.c_str());
  if (!status.ok()) std::fprintf(stderr, "page_reads: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
