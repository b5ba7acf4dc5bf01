// Plain values in a file, as a series of records: each says how long it is and has a checksum
// (XXH3, 64 bits), so that a byte which changed anywhere is noticed before it is believed. Values
// are in the byte order of the machine (little-endian wherever this runs).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/random_access_file.h"
#include "dynsplit/status.h"

namespace dynsplit {

// Values without addresses and gaps.
template <typename T>
concept PlainValue = std::is_floating_point_v<T> ||
    (std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> &&
     std::has_unique_object_representations_v<T>);

inline constexpr uint64_t kMostRecordBytes = uint64_t{1} << 30;

uint64_t Checksum(std::span<const std::byte> bytes);

class ByteWriter {
 public:
  template <PlainValue T>
  void Put(T value) {
    PutAll(std::span<const T>(&value, 1));
  }
  template <PlainValue T>
  void PutAll(std::span<const T> values) {
    const size_t size = bytes_.size();  // g++ 12 warns of overflow where insert() does the same
    bytes_.resize(size + values.size_bytes());
    if (!values.empty()) std::memcpy(bytes_.data() + size, values.data(), values.size_bytes());
  }
  // Their number, and then they themselves.
  template <PlainValue T>
  void PutVector(const std::vector<T>& values) {
    Put(static_cast<uint64_t>(values.size()));
    PutAll(std::span<const T>(values));
  }

  std::span<const std::byte> bytes() const { return bytes_; }
  void Clear() { bytes_.clear(); }

 private:
  std::vector<std::byte> bytes_;
};

// Thread safety: none.
class ArchiveWriter : public ByteWriter {
 public:
  // The file must outlive it.
  explicit ArchiveWriter(RandomAccessFile* file) : file_(*file) {}

  // Writes what was put since the last one. The file's errors.
  Status EndRecord();
  // Writes them as they are, without length and checksum: who reads them must know both.
  Status EndRaw();

 private:
  Status Write(std::span<const std::byte> bytes);

  RandomAccessFile& file_;
  uint64_t offset_ = 0;
};

// Thread safety: none.
class ArchiveReader {
 public:
  // A file of so many bytes, called `name` in errors; it must outlive the reader.
  ArchiveReader(const RandomAccessFile* file, uint64_t file_bytes, std::string name)
      : file_(*file), file_bytes_(file_bytes), name_(std::move(name)) {}

  // Reads the next record whole. Corruption where there is none, it has more than kMostRecordBytes,
  // or its checksum is another;
  // ResourceExhausted where it finds no memory; the file's errors.
  Status NextRecord();
  // Passes over bytes that were written raw. Corruption where there are not so many.
  Status Skip(uint64_t bytes);
  uint64_t offset() const { return offset_; }  // where the next record begins
  const RandomAccessFile& file() const { return file_; }
  // What is read past the end of a record is 0, and EndRecord says so.
  template <PlainValue T>
  T Get() {
    T value{};
    GetAll(std::span<T>(&value, 1));
    return value;
  }
  template <PlainValue T>
  void GetAll(std::span<T> values) {
    const size_t bytes = values.size_bytes();
    if (bytes > left()) {
      short_ = true;
      std::fill(values.begin(), values.end(), T{});
    } else if (bytes > 0) {
      std::memcpy(values.data(), record_.data() + at_, bytes);
      at_ += bytes;
    }
  }
  template <PlainValue T>
  std::vector<T> GetVector() {
    const auto count = Get<uint64_t>();
    if (count > left() / sizeof(T)) {
      short_ = true;
      return {};
    }
    std::vector<T> values(static_cast<size_t>(count));
    GetAll(std::span<T>(values));
    return values;
  }
  // Corruption where more was read than there was, or less.
  Status EndRecord();
  // Corruption: the name, and what is wrong.
  Status Wrong(const std::string& what) const;
  const std::string& name() const { return name_; }

 private:
  size_t left() const { return record_.size() - at_; }

  const RandomAccessFile& file_;
  uint64_t file_bytes_;
  std::string name_;
  uint64_t offset_ = 0;
  std::vector<std::byte> record_;
  size_t at_ = 0;
  bool short_ = false;
};

}  // namespace dynsplit
