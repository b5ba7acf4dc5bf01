#include "store/page_file.h"

namespace dynsplit {

int32_t PageFile::Take() {
  if (!free_.empty()) {
    const int32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  const auto wanted = static_cast<size_t>(end_) + 1;
  if (wanted > free_.capacity()) free_.reserve(2 * wanted);
  return end_++;
}

Status PageFile::Read(int32_t slot, std::byte* page) const {
  return file_->ReadAt(Offset(slot), {page, page_bytes_});
}

Status PageFile::Write(int32_t slot, const std::byte* page) {
  return file_->WriteAt(Offset(slot), {page, page_bytes_});
}

}  // namespace dynsplit
