// Vectors of 2 bits an element: an eighth of f16. Element j of a vector is
// center[j] + step[j] * (code - 1.5) with a code of 0..3, center and step being those of many
// vectors that lie side by side. Keys want this per channel: few channels hold most of their
// length, and hardly vary (KIVI, arXiv 2402.02750). What is lost of a normal distribution is 12 %
// of its variance (Max, "Quantizing for minimum distortion", 1960).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kv_view.h"

namespace dynsplit {

// Vectors are coded in groups of 16, and 16 of a group's channels are a line: 64 bytes, four of a
// vector after four of another. Byte i of a vector's four has the codes of channels i, 4 + i, 8 + i
// and 12 + i, the first one lowest. So a register of bytes, shifted and masked, is what one
// instruction multiplies with four channels of a query. Four groups are a panel: the first line of
// each, then the second, so that who reads some lines alone (kernels/group_score.h) finds them side
// by side.
inline constexpr int kInt2Group = 16;
inline constexpr int kInt2LineChannels = 16;
inline constexpr size_t kInt2LineBytes = 64;
inline constexpr int kInt2PanelGroups = 4;
inline constexpr size_t kInt2LineStride = kInt2LineBytes * kInt2PanelGroups;  // within a group
constexpr size_t Int2GroupBytes(int head_dim) { return size_t{4} * static_cast<size_t>(head_dim); }
// Of so many vectors: whole panels.
constexpr size_t Int2Bytes(int head_dim, int64_t vectors) {
  constexpr int64_t kPanelVectors = int64_t{kInt2Group} * kInt2PanelGroups;
  const auto panels = static_cast<size_t>((vectors + kPanelVectors - 1) / kPanelVectors);
  return panels * kInt2PanelGroups * Int2GroupBytes(head_dim);
}
// Where a group's first line is; the next one is kInt2LineStride bytes on.
constexpr size_t Int2FirstLine(int head_dim, size_t group) {
  return group / kInt2PanelGroups * kInt2PanelGroups * Int2GroupBytes(head_dim) +
         group % kInt2PanelGroups * kInt2LineBytes;
}

// Where a code is: a byte of the panels, and how far up in it.
struct Int2Place {
  size_t byte = 0;
  int shift = 0;
};
constexpr Int2Place PlaceOfInt2(int head_dim, int64_t vector, int channel) {
  const auto in_group = static_cast<size_t>(vector % kInt2Group);
  const auto line = static_cast<size_t>(channel / kInt2LineChannels);
  return {Int2FirstLine(head_dim, static_cast<size_t>(vector / kInt2Group)) +
              line * kInt2LineStride + in_group * 4 + static_cast<size_t>(channel % 4),
          channel % 16 / 4 * 2};
}
constexpr int Int2Code(const uint8_t* panels, const Int2Place& place) {
  return panels[place.byte] >> place.shift & 3;
}

inline void SetInt2Code(uint8_t* panels, const Int2Place& place, int code) {
  uint8_t& byte = panels[place.byte];
  byte = static_cast<uint8_t>((byte & ~(3 << place.shift)) | (code << place.shift));
}

// [head_dim] centers, then [head_dim] steps, f16.
constexpr size_t Int2ScaleElements(int head_dim) {
  return size_t{2} * static_cast<size_t>(head_dim);
}
float Int2Value(const f16* scale, int head_dim, int j, int code);

// Vectors [count, head_dim], f16, finite; head_dim a multiple of 16, at most kMaxHeadDim.
struct Int2Vectors {
  const f16* first = nullptr;
  int64_t count = 0;
  int head_dim = 0;
};

// Sets `scale` to the mean of each channel and to the step that suits its spread, at least a
// sixteenth of the root mean square of all elements: few vectors know little of what comes.
// count > 0. Cost: two passes over the vectors.
void LearnInt2Scale(const Int2Vectors& vectors, f16* scale);
void LearnInt2ScaleRef(const Int2Vectors& vectors, f16* scale);

// Writes the codes of the vectors as those from number `first` on into `panels`, and nothing else.
// Cost: one pass over the vectors.
// Both: thread safety for distinct panels.
void QuantizeInt2(const Int2Vectors& vectors, const f16* scale, int64_t first, uint8_t* panels);
void QuantizeInt2Ref(const Int2Vectors& vectors, const f16* scale, int64_t first, uint8_t* panels);

}  // namespace dynsplit
