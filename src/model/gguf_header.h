// A bounded walk over the header of a GGUF file that proves it safe to hand to ggml's parser:
// every count, length, type, offset and size is compared with what is left of the file and with
// the maxima below, without allocating for what the file claims. ggml's own parser is quadratic in
// keys and tensors and says too little of what is wrong. Format: ggml's docs/gguf.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "dynsplit/status.h"

namespace dynsplit {

// A model of 512 layers has about 6,700 tensors. ggml's search for duplicates is quadratic: 0.2
// seconds for the maximum.
inline constexpr uint64_t kMaxGgufTensors = 8192;
inline constexpr uint64_t kMaxGgufKeys = 4096;
inline constexpr uint64_t kMaxGgufNameBytes = 1024;         // of a key
inline constexpr uint64_t kMaxGgufStringBytes = 16u << 20;  // of a value; chat templates: 100 KiB
inline constexpr uint64_t kMaxGgufArrayLength = 16u << 20;  // vocabularies have up to 262,144
inline constexpr uint64_t kMaxGgufAlignment = 1u << 20;     // a power of two
inline constexpr uint64_t kMinGgufAlignment = 8;

// Corruption with "<name>: at byte N: FIELD: got X, wanted Y", ResourceExhausted for a count above
// its maximum, Unsupported for another version of the format. `name` is the file's. Cost: one pass
// over the header, about 3 ms for 150,000 tokens and as many merges.
Status CheckGgufHeader(std::span<const std::byte> bytes, const std::string& name);

}  // namespace dynsplit
