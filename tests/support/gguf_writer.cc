#include "support/gguf_writer.h"

#include <algorithm>

#include "base/check.h"
#include "gguf.h"

namespace dynsplit::testing {
namespace {

void PadTo(size_t multiple, std::string* bytes) {
  bytes->resize((bytes->size() + multiple - 1) / multiple * multiple, '\0');
}

template <typename T>
std::string RawArray(uint32_t type, const std::vector<T>& values) {
  std::string bytes = RawBytes(type) + RawBytes(uint64_t{values.size()});
  for (const T& value : values) {
    if constexpr (std::is_same_v<T, std::string>) {
      bytes += RawString(value);
    } else {
      bytes += RawBytes(value);
    }
  }
  return bytes;
}

}  // namespace

std::string RawString(const std::string& text) { return RawBytes(uint64_t{text.size()}) + text; }

void GgufWriter::SetU32(const std::string& key, uint32_t value) {
  SetRaw(key, GGUF_TYPE_UINT32, RawBytes(value));
}
void GgufWriter::SetI32(const std::string& key, int32_t value) {
  SetRaw(key, GGUF_TYPE_INT32, RawBytes(value));
}
void GgufWriter::SetU64(const std::string& key, uint64_t value) {
  SetRaw(key, GGUF_TYPE_UINT64, RawBytes(value));
}
void GgufWriter::SetF32(const std::string& key, float value) {
  SetRaw(key, GGUF_TYPE_FLOAT32, RawBytes(value));
}
void GgufWriter::SetBool(const std::string& key, bool value) {
  SetRaw(key, GGUF_TYPE_BOOL, RawBytes(int8_t{value}));
}
void GgufWriter::SetString(const std::string& key, const std::string& value) {
  SetRaw(key, GGUF_TYPE_STRING, RawString(value));
}
void GgufWriter::SetStrings(const std::string& key, const std::vector<std::string>& values) {
  SetRaw(key, GGUF_TYPE_ARRAY, RawArray(GGUF_TYPE_STRING, values));
}
void GgufWriter::SetF32s(const std::string& key, const std::vector<float>& values) {
  SetRaw(key, GGUF_TYPE_ARRAY, RawArray(GGUF_TYPE_FLOAT32, values));
}
void GgufWriter::SetI32s(const std::string& key, const std::vector<int32_t>& values) {
  SetRaw(key, GGUF_TYPE_ARRAY, RawArray(GGUF_TYPE_INT32, values));
}

void GgufWriter::SetRaw(const std::string& key, uint32_t type, std::string bytes) {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const Key& k) { return k.name == key; });
  Key& place = found == keys_.end() ? keys_.emplace_back() : *found;
  place = {key, type, std::move(bytes)};
}

bool GgufWriter::Has(const std::string& key) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const Key& k) { return k.name == key; });
}

void GgufWriter::Remove(const std::string& key) {
  const size_t removed = std::erase_if(keys_, [&](const Key& k) { return k.name == key; });
  DYNSPLIT_CHECK(removed == 1);
}

std::vector<std::string> GgufWriter::keys() const {
  std::vector<std::string> names;
  for (const Key& key : keys_) names.push_back(key.name);
  return names;
}

GgufWriterTensor& GgufWriter::tensor(const std::string& name) {
  const auto found = std::find_if(tensors_.begin(), tensors_.end(),
                                  [&](const GgufWriterTensor& t) { return t.name == name; });
  DYNSPLIT_CHECK(found != tensors_.end());
  return *found;
}

void GgufWriter::RemoveTensor(const std::string& name) {
  std::erase_if(tensors_, [&](const GgufWriterTensor& t) { return t.name == name; });
}

std::string GgufWriter::Header() const {
  std::string bytes = GGUF_MAGIC + RawBytes(version_);
  bytes += RawBytes(num_tensors_.value_or(tensors_.size()));
  bytes += RawBytes(num_keys_.value_or(keys_.size()));
  for (const Key& key : keys_) bytes += RawString(key.name) + RawBytes(key.type) + key.bytes;
  uint64_t offset = 0;
  for (const GgufWriterTensor& tensor : tensors_) {
    bytes += RawString(tensor.name) + RawBytes(static_cast<uint32_t>(tensor.shape.size()));
    for (const uint64_t length : tensor.shape) bytes += RawBytes(length);
    bytes += RawBytes(tensor.type) + RawBytes(tensor.offset.value_or(offset));
    offset += (tensor.bytes.size() + GGUF_DEFAULT_ALIGNMENT - 1) / GGUF_DEFAULT_ALIGNMENT *
              GGUF_DEFAULT_ALIGNMENT;
  }
  return bytes;
}

std::string GgufWriter::Build() const {
  std::string bytes = Header();
  for (const GgufWriterTensor& tensor : tensors_) {
    PadTo(GGUF_DEFAULT_ALIGNMENT, &bytes);
    bytes += tensor.bytes;
  }
  return bytes;
}

}  // namespace dynsplit::testing
