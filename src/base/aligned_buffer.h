// Uninitialised arrays of plain values on 64-byte boundaries (a cache line, an AVX-512 register).
// Growing keeps the content and at least doubles, so a buffer reused per token settles.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

namespace dynsplit {

inline constexpr size_t kBufferAlignment = 64;

// Uninitialised memory on a 64-byte boundary, to be given to std::free. From kHugePage bytes on it
// begins on such a boundary, and the system is asked for huge pages: keys that are read here and
// there would else cost a walk of the page table each. Throws std::bad_alloc.
void* AllocateAligned(size_t bytes);
inline constexpr size_t kHugePage = size_t{2} << 20;

// Asks the system for huge pages in place of those that nobody has touched yet, as far as whole
// ones lie in these bytes. It may have none: no matter.
void AskForHugePages(void* memory, size_t bytes);

template <typename T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size) { Resize(size); }
  AlignedBuffer(AlignedBuffer&& o) noexcept
      : values_(std::exchange(o.values_, nullptr)),
        size_(std::exchange(o.size_, 0)),
        capacity_(std::exchange(o.capacity_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& o) noexcept {
    std::swap(values_, o.values_);
    std::swap(size_, o.size_);
    std::swap(capacity_, o.capacity_);
    return *this;
  }
  ~AlignedBuffer() { std::free(values_); }

  // Sets the size. Existing values stay, new ones are not initialised. Throws std::bad_alloc.
  void Resize(size_t size) {
    if (size > capacity_) Grow(size > 2 * capacity_ ? size : 2 * capacity_);
    size_ = size;
  }

  T* data() { return values_; }
  const T* data() const { return values_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return values_[i]; }
  const T& operator[](size_t i) const { return values_[i]; }
  std::span<T> span() { return {values_, size_}; }
  std::span<const T> span() const { return {values_, size_}; }

 private:
  void Grow(size_t capacity) {
    T* grown = static_cast<T*>(AllocateAligned(capacity * sizeof(T)));
    if (size_ > 0) std::memcpy(grown, values_, size_ * sizeof(T));
    std::free(values_);
    values_ = grown;
    capacity_ = capacity;
  }

  T* values_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace dynsplit
