#include "model/gguf_header.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "base/numeric.h"
#include "ggml.h"
#include "gguf.h"
#include "model/utf8.h"

namespace dynsplit {
namespace {

constexpr uint32_t kMinVersion = 2;
constexpr uint32_t kMaxVersion = 3;
constexpr std::string_view kMagic = "GGUF";

static_assert(std::endian::native == std::endian::little, "GGUF is read as it lies in memory");

// Bytes of a scalar; 0 for strings, arrays and unknown types.
uint64_t ScalarBytes(uint32_t type) {
  switch (type) {
    case GGUF_TYPE_UINT8:
    case GGUF_TYPE_INT8:
    case GGUF_TYPE_BOOL:
      return 1;
    case GGUF_TYPE_UINT16:
    case GGUF_TYPE_INT16:
      return 2;
    case GGUF_TYPE_UINT32:
    case GGUF_TYPE_INT32:
    case GGUF_TYPE_FLOAT32:
      return 4;
    case GGUF_TYPE_UINT64:
    case GGUF_TYPE_INT64:
    case GGUF_TYPE_FLOAT64:
      return 8;
    default:
      return 0;
  }
}

// What is read of a tensor's entry.
struct TensorEntry {
  std::string_view name;
  uint64_t offset = 0;  // from the start of the tensor section
  uint64_t bytes = 0;
};

class HeaderWalk {
 public:
  HeaderWalk(std::span<const std::byte> bytes, const std::string& name)
      : bytes_(bytes), file_name_(name) {}

  Status Run() {
    DYNSPLIT_RETURN_IF_ERROR(ReadPreamble());
    for (uint64_t i = 0; i < num_keys_; ++i) DYNSPLIT_RETURN_IF_ERROR(ReadKey());
    for (uint64_t i = 0; i < num_tensors_; ++i) DYNSPLIT_RETURN_IF_ERROR(ReadTensor());
    return CheckTensorSection();
  }

 private:
  Status ReadPreamble();
  Status ReadKey();
  Status ReadValue(uint32_t type, const std::string& field);
  Status ReadArray(const std::string& field);
  Status ReadAlignment(uint32_t type);
  Status ReadTensor();
  Status ReadTensorSize(const std::string& field, uint64_t* num_bytes);
  Status CheckTensorSection() const;

  uint64_t Left() const { return bytes_.size() - position_; }

  Status Error(uint64_t at, const std::string& field, const std::string& got,
               const std::string& wanted) const {
    return Corruption(file_name_ + ": at byte " + std::to_string(at) + ": " + field + ": got " +
                      got + ", wanted " + wanted);
  }

  template <typename T>
  Status Read(T* value, const std::string& field) {
    if (Left() < sizeof(T)) {
      return Error(position_, field, "the end of the file (truncated?)",
                   std::to_string(sizeof(T)) + " bytes");
    }
    std::memcpy(value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return {};
  }

  Status Skip(uint64_t num_bytes, const std::string& field) {
    if (Left() < num_bytes) {
      return Error(position_, field, std::to_string(Left()) + " bytes to the end of the file",
                   std::to_string(num_bytes) + " (truncated?)");
    }
    position_ += num_bytes;
    return {};
  }

  Status ReadString(std::string_view* value, uint64_t max_bytes, const std::string& field) {
    const uint64_t at = position_;
    uint64_t length = 0;
    DYNSPLIT_RETURN_IF_ERROR(Read(&length, field));
    if (length > max_bytes) {
      return Error(at, field, "a length of " + std::to_string(length),
                   "at most " + std::to_string(max_bytes) + " bytes");
    }
    const uint64_t begin = position_;
    DYNSPLIT_RETURN_IF_ERROR(Skip(length, field));
    *value = {reinterpret_cast<const char*>(bytes_.data()) + begin, length};
    return {};
  }

  // A name without null bytes (ggml compares names as C strings) that is not in `seen` yet.
  Status ReadName(std::unordered_set<std::string_view>* seen, uint64_t max_bytes,
                  const std::string& field, std::string_view* name) {
    const uint64_t at = position_;
    DYNSPLIT_RETURN_IF_ERROR(ReadString(name, max_bytes, field));
    if (name->empty() || name->find('\0') != std::string_view::npos) {
      return Error(at, field, name->empty() ? "an empty name" : "a null byte in a name",
                   "1 to " + std::to_string(max_bytes) + " bytes of text");
    }
    if (!seen->insert(*name).second) {
      return Error(at, field, Quoted(*name) + " a second time", "different names");
    }
    return {};
  }

  std::span<const std::byte> bytes_;
  const std::string& file_name_;
  uint64_t position_ = 0;

  uint64_t num_keys_ = 0;
  uint64_t num_tensors_ = 0;
  uint64_t alignment_ = GGUF_DEFAULT_ALIGNMENT;
  std::unordered_set<std::string_view> keys_;
  std::unordered_set<std::string_view> tensor_names_;
  uint64_t section_bytes_ = 0;  // of the tensors so far, each padded to the alignment
  uint64_t end_bytes_ = 0;      // as above, the last one not padded
};

Status HeaderWalk::ReadPreamble() {
  uint32_t magic = 0;
  DYNSPLIT_RETURN_IF_ERROR(Read(&magic, "magic"));
  if (std::memcmp(&magic, kMagic.data(), kMagic.size()) != 0) {
    return Error(0, "magic", "something else", "\"GGUF\" (is this a GGUF file?)");
  }
  uint32_t version = 0;
  DYNSPLIT_RETURN_IF_ERROR(Read(&version, "version"));
  if (version < kMinVersion || version > kMaxVersion) {
    return Unsupported(file_name_ + ": at byte 4: version: got " + std::to_string(version) +
                       ", wanted " + std::to_string(kMinVersion) + " or " +
                       std::to_string(kMaxVersion));
  }
  DYNSPLIT_RETURN_IF_ERROR(Read(&num_tensors_, "number of tensors"));
  DYNSPLIT_RETURN_IF_ERROR(Read(&num_keys_, "number of keys"));
  if (num_tensors_ > kMaxGgufTensors || num_keys_ > kMaxGgufKeys) {
    return ResourceExhausted(file_name_ + ": at byte 8: got " + std::to_string(num_tensors_) +
                             " tensors and " + std::to_string(num_keys_) +
                             " keys, wanted at most " + std::to_string(kMaxGgufTensors) + " and " +
                             std::to_string(kMaxGgufKeys));
  }
  return {};
}

Status HeaderWalk::ReadKey() {
  std::string_view key;
  DYNSPLIT_RETURN_IF_ERROR(ReadName(&keys_, kMaxGgufNameBytes, "key", &key));
  const std::string field = "key " + Quoted(key);
  uint32_t type = 0;
  DYNSPLIT_RETURN_IF_ERROR(Read(&type, field));
  if (key == GGUF_KEY_GENERAL_ALIGNMENT) return ReadAlignment(type);
  return type == GGUF_TYPE_ARRAY ? ReadArray(field) : ReadValue(type, field);
}

Status HeaderWalk::ReadValue(uint32_t type, const std::string& field) {
  std::string_view text;
  if (type == GGUF_TYPE_STRING) return ReadString(&text, kMaxGgufStringBytes, field);
  const uint64_t scalar_bytes = ScalarBytes(type);
  if (scalar_bytes == 0) {
    return Error(position_ - sizeof(uint32_t), field, "type " + std::to_string(type),
                 "a GGUF value type");
  }
  return Skip(scalar_bytes, field);
}

Status HeaderWalk::ReadArray(const std::string& field) {
  const uint64_t at = position_;
  uint32_t type = 0;
  uint64_t length = 0;
  DYNSPLIT_RETURN_IF_ERROR(Read(&type, field));
  DYNSPLIT_RETURN_IF_ERROR(Read(&length, field));
  const uint64_t scalar_bytes = ScalarBytes(type);
  if (scalar_bytes == 0 && type != GGUF_TYPE_STRING) {
    return Error(at, field, "elements of type " + std::to_string(type), "scalars or strings");
  }
  if (length > kMaxGgufArrayLength) {
    return Error(at, field, std::to_string(length) + " elements",
                 "at most " + std::to_string(kMaxGgufArrayLength));
  }
  if (scalar_bytes > 0) return Skip(length * scalar_bytes, field);
  std::string_view text;
  for (uint64_t i = 0; i < length; ++i) {
    DYNSPLIT_RETURN_IF_ERROR(ReadString(&text, kMaxGgufStringBytes, field));
  }
  return {};
}

Status HeaderWalk::ReadAlignment(uint32_t type) {
  const uint64_t at = position_;
  const std::string field = "key '" GGUF_KEY_GENERAL_ALIGNMENT "'";
  if (type != GGUF_TYPE_UINT32) return Error(at, field, "type " + std::to_string(type), "uint32");
  uint32_t alignment = 0;
  DYNSPLIT_RETURN_IF_ERROR(Read(&alignment, field));
  if (!std::has_single_bit(alignment) || alignment < kMinGgufAlignment ||
      alignment > kMaxGgufAlignment) {
    return Error(at, field, std::to_string(alignment),
                 "a power of two from " + std::to_string(kMinGgufAlignment) + " to " +
                     std::to_string(kMaxGgufAlignment));
  }
  alignment_ = alignment;
  return {};
}

Status HeaderWalk::ReadTensor() {
  std::string_view name;
  DYNSPLIT_RETURN_IF_ERROR(ReadName(&tensor_names_, GGML_MAX_NAME - 1, "tensor name", &name));
  const std::string field = "tensor " + Quoted(name);
  uint64_t num_bytes = 0;
  DYNSPLIT_RETURN_IF_ERROR(ReadTensorSize(field, &num_bytes));
  const uint64_t at = position_;
  uint64_t offset = 0;
  DYNSPLIT_RETURN_IF_ERROR(Read(&offset, field));
  if (offset != section_bytes_) {
    return Error(at, field, "offset " + std::to_string(offset),
                 std::to_string(section_bytes_) + ", the end of the one before");
  }
  const std::optional<uint64_t> end = CheckedAdd(offset, num_bytes);
  const std::optional<uint64_t> padded = end ? CheckedRoundUp(*end, alignment_) : std::nullopt;
  if (!padded || *end > bytes_.size()) {
    return Error(at, field, std::to_string(num_bytes) + " bytes at " + std::to_string(offset),
                 "an end within the file of " + std::to_string(bytes_.size()) + " bytes");
  }
  end_bytes_ = *end;
  section_bytes_ = *padded;
  return {};
}

Status HeaderWalk::ReadTensorSize(const std::string& field, uint64_t* num_bytes) {
  const uint64_t at = position_;
  uint32_t num_dims = 0;
  DYNSPLIT_RETURN_IF_ERROR(Read(&num_dims, field));
  if (num_dims < 1 || num_dims > GGML_MAX_DIMS) {
    return Error(at, field, std::to_string(num_dims) + " dimensions",
                 "1 to " + std::to_string(GGML_MAX_DIMS));
  }
  std::optional<uint64_t> num_elements = 1;
  uint64_t row_length = 0;
  for (uint32_t i = 0; i < num_dims; ++i) {
    uint64_t length = 0;
    DYNSPLIT_RETURN_IF_ERROR(Read(&length, field));
    if (i == 0) row_length = length;
    num_elements = num_elements ? CheckedMultiply(*num_elements, length) : std::nullopt;
    // No element is smaller than a sixteenth of a byte, so this also keeps sums from overflowing.
    if (length == 0 || !num_elements || *num_elements / 16 > bytes_.size()) {
      return Error(at, field, "dimension " + std::to_string(i) + " of " + std::to_string(length),
                   "a shape that fits in the file");
    }
  }
  uint32_t type = 0;
  DYNSPLIT_RETURN_IF_ERROR(Read(&type, field));
  const ggml_type known = type < GGML_TYPE_COUNT ? static_cast<ggml_type>(type) : GGML_TYPE_COUNT;
  const int64_t block = known == GGML_TYPE_COUNT ? 0 : ggml_blck_size(known);
  if (block <= 0) {
    return Unsupported(file_name_ + ": " + field + ": unknown tensor type " + std::to_string(type));
  }
  if (row_length % static_cast<uint64_t>(block) != 0) {
    return Error(
        at, field, "rows of " + std::to_string(row_length),
        "a multiple of " + std::to_string(block) + ", the block of type " + ggml_type_name(known));
  }
  *num_bytes = *num_elements / static_cast<uint64_t>(block) * ggml_type_size(known);
  return {};
}

Status HeaderWalk::CheckTensorSection() const {
  if (num_tensors_ == 0) return {};
  const std::optional<uint64_t> begin = CheckedRoundUp(position_, alignment_);
  const std::optional<uint64_t> end = begin ? CheckedAdd(*begin, end_bytes_) : std::nullopt;
  if (!end || *end > bytes_.size()) {
    return Error(position_, "tensors", std::to_string(Left()) + " bytes to the end of the file",
                 std::to_string(end_bytes_) + " after padding (truncated?)");
  }
  return {};
}

}  // namespace

Status CheckGgufHeader(std::span<const std::byte> bytes, const std::string& name) {
  return HeaderWalk(bytes, name).Run();
}

}  // namespace dynsplit
