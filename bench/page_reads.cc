// What a page costs that is read from the page file: one after the other, and several together.
//
//     page_reads DIR
//
// Prints microseconds for each of 8 KiB, of the processor and on the clock, from the system's page
// cache and past it (O_DIRECT). DIR must be on a disk for the latter.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/random_access_file.h"
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

class PageReads {
 public:
  explicit PageReads(const RandomAccessFile* file) : file_(*file), frames_(kFrames * kPageBytes) {}

  // Random pages to random frames.
  Status Measure(const char* what, size_t rounds, bool together) {
    const double processor = ProcessorUs();
    const auto start = std::chrono::steady_clock::now();
    for (size_t round = 0; round < rounds; ++round) {
      std::vector<FileRead> reads;
      for (size_t i = 0; i < kTogether; ++i) {
        std::byte* frame = frames_.data() + rng_.Below(kFrames) * kPageBytes;
        reads.push_back({rng_.Below(kPages) * kPageBytes, {frame, kPageBytes}, {}});
      }
      if (together) {
        file_.ReadMany(reads);
      } else {
        file_.RandomAccessFile::ReadMany(reads);
      }
      for (const FileRead& read : reads) DYNSPLIT_RETURN_IF_ERROR(read.status);
    }
    const std::chrono::duration<double, std::micro> clock =
        std::chrono::steady_clock::now() - start;
    const auto count = static_cast<double>(rounds * kTogether);
    std::printf("%-12s %-12s %8.2f us of the processor %8.2f us\n", what,
                together ? "32 together" : "one by one", (ProcessorUs() - processor) / count,
                clock.count() / count);
    return {};
  }

 private:
  const RandomAccessFile& file_;
  AlignedBuffer<std::byte> frames_;
  Rng rng_{1};
};

Status Run(const std::string& path) {
  {
    Result<NewFile> file = NewFile::Create(path);
    if (!file.ok()) return file.status();
    std::vector<std::byte> page(kPageBytes);
    for (uint64_t i = 0; i < kPages; ++i) {
      page[0] = static_cast<std::byte>(i);
      DYNSPLIT_RETURN_IF_ERROR(file->get()->WriteAt(i * kPageBytes, page));
    }
    DYNSPLIT_RETURN_IF_ERROR(file->Finish());
  }
  const auto cached = OpenFileToRead(path);
  if (!cached.ok()) return cached.status();
  for (const bool together : {false, true, false, true}) {
    DYNSPLIT_RETURN_IF_ERROR(PageReads(cached->get()).Measure("page cache", 2000, together));
  }
  const auto direct = OpenFileToRead(path, O_DIRECT);
  if (!direct.ok()) return direct.status();
  for (const bool together : {false, true, false, true}) {
    DYNSPLIT_RETURN_IF_ERROR(PageReads(direct->get()).Measure("disk", 200, together));
  }
  return {};
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
