// Sequences that are read, decoded, forked, saved, loaded and dropped at random, under a cap that
// makes pages move all the time, each beside a twin with all pages in memory.
//
//   kv_soak [--minutes N] [--seed N]
//
// The time is shared by the types of keys and values: f16, q8_0 after f16, q4 after f16 or q8_0.
// Says what is wrong and ends with 1 where outputs differ, anything fails, or pages, slots, files,
// descriptors or memory are left over once all is dropped.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/random_access_file.h"
#include "cache/cache_fixture.h"

namespace dynsplit {
namespace {

constexpr KvTypes kTypes[] = {
    {}, {KvType::kF16, KvType::kQ8}, {KvType::kF16, KvType::kQ4}, {KvType::kQ8, KvType::kQ4}};
constexpr size_t kInMemory = 80;  // pages of each tier; a sequence of 600 tokens has 240
constexpr int64_t kMostTokens = 1200;
constexpr size_t kMostSequences = 4;
constexpr int kWorkers = 2;
constexpr int kStepsOfARound = 60;  // then all is dropped and counted

// What allocators keep and what grows once. AddressSanitizer keeps 256 MiB of what was freed.
#ifdef __SANITIZE_ADDRESS__
constexpr int64_t kMostGrowthBytes = int64_t{512} << 20;
#else
constexpr int64_t kMostGrowthBytes = int64_t{64} << 20;
#endif

struct Pair {
  TestSequence capped;
  TestSequence twin;
};

int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * 4096;
}

int64_t CountEntries(const std::filesystem::path& dir) {
  return std::distance(std::filesystem::directory_iterator(dir), {});
}

class Soak {
 public:
  Soak(const std::filesystem::path& dir, uint64_t seed, KvTypes types)
      : dir_(dir),
        rng_(seed),
        num_tiers_(types.cold == types.hot ? 1 : 2),
        most_bytes_(TierBytes(types.hot) + (num_tiers_ - 1) * TierBytes(types.cold)),
        all_(kTestShape.head_dim, types, {}, {}),
        capped_(kTestShape.head_dim, types, Tier(types.hot), Tier(types.cold)),
        batch_(kTestShape, kWorkers),
        twin_batch_(kTestShape, kWorkers) {}

  // Sequences come and go, and then all are dropped.
  Status Round() {
    for (int step = 0; step < kStepsOfARound; ++step) DYNSPLIT_RETURN_IF_ERROR(Step());
    pairs_.clear();
    if (capped_.used_bytes() != 0 || all_.used_bytes() != 0) return Internal("pages are left over");
    if (capped_.spilled_bytes() != 0) return Internal("slots are left over");
    if (capped_.allocated_bytes() > most_bytes_) return Internal("more than the cap");
    if (CountEntries(dir_) != 0) return Internal("files are left over");
    // Rings of the page files stay, one for each worker.
    if (CountEntries("/proc/self/fd") >
        descriptors_ + static_cast<int64_t>(num_tiers_) * kWorkers) {
      return Internal("descriptors are left over");
    }
    return {};
  }

  int64_t passes() const { return passes_; }

 private:
  static size_t TierBytes(KvType type) { return kInMemory * PageBytes(type, kTestShape.head_dim); }
  TierMemory Tier(KvType type) const { return {TierBytes(type), OpenUnnamedFile(dir_).value()}; }

  Status Step() {
    if (pairs_.empty() || (pairs_.size() < kMostSequences && rng_.Below(10) == 0)) return Begin();
    const size_t i = rng_.Below(pairs_.size());
    if (pairs_[i].twin.cache.size() > kMostTokens) return Drop(i);
    switch (rng_.Below(12)) {
      case 0:
        return Drop(i);
      case 1:
        if (pairs_.size() < kMostSequences) pairs_.push_back(Pair(pairs_[i]));
        return {};
      case 2:
      case 3:
        return SaveAndLoad(&pairs_[i]);
      case 4:
        return Pass(&pairs_[i], 20 + static_cast<int>(rng_.Below(200)), Attention::kDense);
      default:
        return Pass(&pairs_[i], 1 + static_cast<int>(rng_.Below(4)), Attention::kSelected);
    }
  }

  Status Begin() {
    static const char* const kSpecs[] = {"dynsplit", "dynsplit", "quest", "full", "snapkv"};
    const Method method =
        ParseMethod(std::string(kSpecs[rng_.Below(std::size(kSpecs))]) + "+budget=40+recent=16")
            .value();
    const uint64_t seed = rng_.Below(1000);
    pairs_.push_back({TestSequence(&capped_, method, seed), TestSequence(&all_, method, seed)});
    return Pass(&pairs_.back(), 100 + static_cast<int>(rng_.Below(300)), Attention::kDense);
  }

  Status Drop(size_t i) {
    std::swap(pairs_[i], pairs_.back());
    pairs_.pop_back();
    return {};
  }

  Status Pass(Pair* pair, int rows, Attention attention) {
    std::vector<std::vector<float>> got, want;
    DYNSPLIT_RETURN_IF_ERROR(TryPass(&batch_, {&pair->capped, rows, attention}, kWorkers, &got));
    DYNSPLIT_RETURN_IF_ERROR(
        TryPass(&twin_batch_, {&pair->twin, rows, attention}, kWorkers, &want));
    ++passes_;
    return got == want ? Status() : Internal("outputs differ from those of the twin");
  }

  // The capped sequence goes on as one that was loaded, at once or page by page; the file goes.
  Status SaveAndLoad(Pair* pair) {
    const std::string path = dir_ / "soak.session";
    Result<NewFile> saved = NewFile::Create(path);
    if (!saved.ok()) return saved.status();
    ArchiveWriter writer(saved->get());
    DYNSPLIT_RETURN_IF_ERROR(pair->capped.cache.Save(&writer));
    DYNSPLIT_RETURN_IF_ERROR(saved->Finish());
    Result<std::unique_ptr<RandomAccessFile>> opened = OpenFileToRead(path);
    if (!opened.ok()) return opened.status();
    const std::shared_ptr<const RandomAccessFile> file = *std::move(opened);
    std::filesystem::remove(path);
    TestSequence loaded(&capped_, pair->capped.cache.method());
    loaded.queries = pair->capped.queries;
    loaded.keys = pair->capped.keys;
    loaded.values = pair->capped.values;
    ArchiveReader reader(file.get(), file->Size().value(), path);
    DYNSPLIT_RETURN_IF_ERROR(
        loaded.cache.Load(kMostTokens * 2, &reader, rng_.Below(2) == 0 ? file : nullptr));
    pair->capped = std::move(loaded);
    return {};
  }

  std::filesystem::path dir_;
  Rng rng_;
  size_t num_tiers_;
  size_t most_bytes_;
  PagePool all_;
  PagePool capped_;
  AttentionBatch batch_;
  AttentionBatch twin_batch_;
  std::vector<Pair> pairs_;
  int64_t descriptors_ = CountEntries("/proc/self/fd");  // at the start
  int64_t passes_ = 0;
};

// False where anything was wrong.
bool Run(double minutes, uint64_t seed, KvTypes types) {
  const std::filesystem::path dir =
      std::filesystem::temp_directory_path() / ("kv_soak." + std::to_string(getpid()));
  std::filesystem::create_directory(dir);
  Soak soak(dir, seed, types);
  Status status;
  int64_t rounds = 0, resident = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(60 * minutes);
  do {
    status = soak.Round();
    if (++rounds == 3) resident = ResidentBytes();  // what is allocated once is there
  } while (status.ok() && std::chrono::steady_clock::now() < end);
  if (status.ok() && rounds > 3 && ResidentBytes() > resident + kMostGrowthBytes) {
    status = Internal("memory grew from " + std::to_string(resident) + " to " +
                      std::to_string(ResidentBytes()) + " bytes");
  }
  std::filesystem::remove_all(dir);
  std::printf("%s, then %s, seed %llu: %lld rounds, %lld passes: %s\n", NameOf(types.hot),
              NameOf(types.cold), static_cast<unsigned long long>(seed),
              static_cast<long long>(rounds), static_cast<long long>(soak.passes()),
              status.ToString().c_str());
  return status.ok();
}

}  // namespace
}  // namespace dynsplit

int main(int argc, char** argv) {
  double minutes = 0.2;
  uint64_t seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--minutes") == 0) minutes = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--seed") == 0) seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  bool ok = true;
  for (const dynsplit::KvTypes types : dynsplit::kTypes) {
    ok = dynsplit::Run(minutes / std::size(dynsplit::kTypes), seed, types) && ok;
  }
  return ok ? 0 : 1;
}
