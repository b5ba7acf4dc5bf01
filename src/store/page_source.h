// Pages in a file that is only read: where those of a saved session wait until they are needed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random_access_file.h"
#include "dynsplit/status.h"

namespace dynsplit {

// Rows of pages without gaps; in each row cold pages and then hot ones. Pages are numbered in that
// order. Thread safety: immutable but for AddRow.
struct PageSource {
  std::shared_ptr<const RandomAccessFile> file;
  std::string name;                 // in errors
  uint64_t offset = 0;              // of the first page
  size_t cold_bytes = 0;            // of a cold page
  size_t hot_bytes = 0;             // of a hot one
  std::vector<uint64_t> checksums;  // [pages]: Checksum of each (base/archive.h)

  struct Row {
    uint64_t offset = 0;     // of its first page from that of the first row
    int32_t first_page = 0;  // its number
    int32_t cold_pages = 0;
  };
  std::vector<Row> rows = {};
  int32_t num_pages = 0;
  uint64_t bytes = 0;  // of all rows

  void AddRow(int32_t cold_pages, int32_t hot_pages);
  FileRead ReadOf(int32_t idx, std::byte* page) const;
  // Corruption where these are not the bytes that were saved.
  Status Check(int32_t idx, const std::byte* page) const;
};

// A share in a source, or none, in one word: a long context has many pages. Thread safety: as
// std::shared_ptr.
class PageSourceRef {
 public:
  PageSourceRef() = default;
  explicit PageSourceRef(PageSource source) : shared_(new Shared{std::move(source)}) {}
  PageSourceRef(const PageSourceRef& o) : shared_(o.shared_) {
    if (shared_ != nullptr) shared_->shares.fetch_add(1, std::memory_order_relaxed);
  }
  PageSourceRef(PageSourceRef&& o) noexcept : shared_(std::exchange(o.shared_, nullptr)) {}
  PageSourceRef& operator=(PageSourceRef o) noexcept {
    std::swap(shared_, o.shared_);
    return *this;
  }
  ~PageSourceRef() {
    if (shared_ != nullptr && shared_->shares.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete shared_;
    }
  }

  explicit operator bool() const { return shared_ != nullptr; }
  const PageSource* operator->() const { return &shared_->source; }

 private:
  struct Shared {
    PageSource source;
    std::atomic<int64_t> shares{1};
  };
  Shared* shared_ = nullptr;
};

}  // namespace dynsplit
