#include "model/gguf_reader.h"

#include <cstring>
#include <limits>
#include <utility>

#include "base/mapped_file.h"
#include "ggml-cpp.h"
#include "gguf.h"
#include "model/gguf_header.h"

namespace dynsplit {
namespace {

void DropLog(ggml_log_level, const char*, void*) {}

// "a string", "an array of 5 uint32", "a uint32"
std::string Describe(const gguf_context* gguf, int64_t id) {
  const gguf_type type = gguf_get_kv_type(gguf, id);
  if (type != GGUF_TYPE_ARRAY) return std::string("a value of type ") + gguf_type_name(type);
  return "an array of " + std::to_string(gguf_get_arr_n(gguf, id)) + " " +
         gguf_type_name(gguf_get_arr_type(gguf, id));
}

// The value of any integer type; nullopt for another type, or one above int64_t.
std::optional<int64_t> Integer(const gguf_context* gguf, int64_t id) {
  switch (gguf_get_kv_type(gguf, id)) {
    case GGUF_TYPE_UINT8:
      return gguf_get_val_u8(gguf, id);
    case GGUF_TYPE_INT8:
      return gguf_get_val_i8(gguf, id);
    case GGUF_TYPE_UINT16:
      return gguf_get_val_u16(gguf, id);
    case GGUF_TYPE_INT16:
      return gguf_get_val_i16(gguf, id);
    case GGUF_TYPE_UINT32:
      return gguf_get_val_u32(gguf, id);
    case GGUF_TYPE_INT32:
      return gguf_get_val_i32(gguf, id);
    case GGUF_TYPE_INT64:
      return gguf_get_val_i64(gguf, id);
    case GGUF_TYPE_UINT64: {
      const uint64_t value = gguf_get_val_u64(gguf, id);
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
      return static_cast<int64_t>(value);
    }
    default:
      return std::nullopt;
  }
}

template <typename T>
std::vector<T> CopyArray(const gguf_context* gguf, int64_t id) {
  std::vector<T> values(gguf_get_arr_n(gguf, id));
  if (!values.empty()) {
    std::memcpy(values.data(), gguf_get_arr_data(gguf, id), values.size() * sizeof(T));
  }
  return values;
}

}  // namespace

struct GgufReader::Impl {
  std::optional<MappedFile> file;  // empty for a buffer
  std::span<const std::byte> bytes;
  std::string path;
  gguf_context_ptr gguf;
  std::vector<GgufTensor> tensors;

  // -1 where the key is missing.
  int64_t Find(const std::string& key) const { return gguf_find_key(gguf.get(), key.c_str()); }

  void ListTensors() {
    const size_t section = gguf_get_data_offset(gguf.get());
    for (int64_t i = 0; i < gguf_get_n_tensors(gguf.get()); ++i) {
      GgufTensor& tensor = tensors.emplace_back();
      tensor.name = gguf_get_tensor_name(gguf.get(), i);
      tensor.type = gguf_get_tensor_type(gguf.get(), i);
      const int64_t* shape = gguf_get_tensor_ne(gguf.get(), i);
      std::copy(shape, shape + tensor.shape.size(), tensor.shape.begin());
      tensor.bytes = bytes.subspan(section + gguf_get_tensor_offset(gguf.get(), i),
                                   gguf_get_tensor_size(gguf.get(), i));
    }
  }
};

const char* GgufTensor::TypeName() const { return ggml_type_name(type); }

GgufReader::GgufReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GgufReader::GgufReader(GgufReader&&) noexcept = default;
GgufReader& GgufReader::operator=(GgufReader&&) noexcept = default;
GgufReader::~GgufReader() = default;

Result<GgufReader> GgufReader::Open(const std::string& path) {
  Result<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  Result<GgufReader> reader = FromBuffer(file->bytes(), path);
  if (reader.ok()) reader->impl_->file = std::move(file).value();
  return reader;
}

Result<GgufReader> GgufReader::FromBuffer(std::span<const std::byte> bytes,
                                          const std::string& name) {
  DYNSPLIT_RETURN_IF_ERROR(CheckGgufHeader(bytes, name));
  // Errors come as a Status; ggml would print its own to stderr. One global setting of ggml's.
  ggml_log_set(DropLog, nullptr);
  auto impl = std::make_unique<Impl>();
  impl->bytes = bytes;
  impl->path = name;
  impl->gguf.reset(gguf_init_from_buffer(bytes.data(), bytes.size(), {true, nullptr}));
  if (impl->gguf == nullptr) return Corruption(name + ": ggml cannot parse the file's header");
  impl->ListTensors();
  return GgufReader(std::move(impl));
}

const std::string& GgufReader::path() const { return impl_->path; }
const std::vector<GgufTensor>& GgufReader::tensors() const { return impl_->tensors; }
bool GgufReader::Has(const std::string& key) const { return impl_->Find(key) >= 0; }
bool GgufReader::IsArray(const std::string& key) const {
  const int64_t id = impl_->Find(key);
  return id >= 0 && gguf_get_kv_type(impl_->gguf.get(), id) == GGUF_TYPE_ARRAY;
}

Status GgufReader::KeyError(const std::string& key, const std::string& got,
                            const std::string& wanted) const {
  return Corruption(impl_->path + ": key '" + key + "': got " + got + ", wanted " + wanted);
}

Result<uint32_t> GgufReader::U32(const std::string& key, std::optional<uint32_t> missing) const {
  const int64_t id = impl_->Find(key);
  if (id < 0 && missing) return *missing;
  if (id < 0) return KeyError(key, "no such key", "an integer");
  const std::optional<int64_t> value = Integer(impl_->gguf.get(), id);
  if (!value) return KeyError(key, Describe(impl_->gguf.get(), id), "an integer");
  if (*value < 0 || *value > std::numeric_limits<uint32_t>::max()) {
    return KeyError(key, std::to_string(*value), "a number from 0 to 4294967295");
  }
  return static_cast<uint32_t>(*value);
}

Result<float> GgufReader::F32(const std::string& key, std::optional<float> missing) const {
  const int64_t id = impl_->Find(key);
  if (id < 0 && missing) return *missing;
  if (id < 0) return KeyError(key, "no such key", "a float32");
  if (gguf_get_kv_type(impl_->gguf.get(), id) != GGUF_TYPE_FLOAT32) {
    return KeyError(key, Describe(impl_->gguf.get(), id), "a float32");
  }
  return gguf_get_val_f32(impl_->gguf.get(), id);
}

Result<bool> GgufReader::Bool(const std::string& key, std::optional<bool> missing) const {
  const int64_t id = impl_->Find(key);
  if (id < 0 && missing) return *missing;
  if (id < 0) return KeyError(key, "no such key", "a bool");
  if (gguf_get_kv_type(impl_->gguf.get(), id) != GGUF_TYPE_BOOL) {
    return KeyError(key, Describe(impl_->gguf.get(), id), "a bool");
  }
  // Any byte but 0 counts as true; as a C++ bool it must not be another than 0 or 1.
  int8_t value = 0;
  std::memcpy(&value, gguf_get_val_data(impl_->gguf.get(), id), sizeof(value));
  return value != 0;
}

Result<std::string> GgufReader::String(const std::string& key,
                                       std::optional<std::string> missing) const {
  const int64_t id = impl_->Find(key);
  if (id < 0 && missing) return *std::move(missing);
  if (id < 0) return KeyError(key, "no such key", "a string");
  if (gguf_get_kv_type(impl_->gguf.get(), id) != GGUF_TYPE_STRING) {
    return KeyError(key, Describe(impl_->gguf.get(), id), "a string");
  }
  return std::string(gguf_get_val_str(impl_->gguf.get(), id));
}

Result<uint64_t> GgufReader::ArrayLength(const std::string& key) const {
  const int64_t id = impl_->Find(key);
  if (id < 0) return KeyError(key, "no such key", "an array");
  if (gguf_get_kv_type(impl_->gguf.get(), id) != GGUF_TYPE_ARRAY) {
    return KeyError(key, Describe(impl_->gguf.get(), id), "an array");
  }
  return uint64_t{gguf_get_arr_n(impl_->gguf.get(), id)};
}

Result<std::vector<std::string>> GgufReader::Strings(const std::string& key, bool required) const {
  if (!required && !Has(key)) return std::vector<std::string>();
  const Result<uint64_t> length = ArrayLength(key);
  if (!length.ok()) return length.status();
  const gguf_context* gguf = impl_->gguf.get();
  const int64_t id = impl_->Find(key);
  if (gguf_get_arr_type(gguf, id) != GGUF_TYPE_STRING) {
    return KeyError(key, Describe(gguf, id), "an array of strings");
  }
  std::vector<std::string> values;
  values.reserve(*length);
  for (uint64_t i = 0; i < *length; ++i) values.emplace_back(gguf_get_arr_str(gguf, id, i));
  return values;
}

Result<std::vector<float>> GgufReader::F32s(const std::string& key, bool required) const {
  if (!required && !Has(key)) return std::vector<float>();
  const Result<uint64_t> length = ArrayLength(key);
  if (!length.ok()) return length.status();
  const int64_t id = impl_->Find(key);
  if (gguf_get_arr_type(impl_->gguf.get(), id) != GGUF_TYPE_FLOAT32) {
    return KeyError(key, Describe(impl_->gguf.get(), id), "an array of float32");
  }
  return CopyArray<float>(impl_->gguf.get(), id);
}

Result<std::vector<int32_t>> GgufReader::I32s(const std::string& key, bool required) const {
  if (!required && !Has(key)) return std::vector<int32_t>();
  const Result<uint64_t> length = ArrayLength(key);
  if (!length.ok()) return length.status();
  const int64_t id = impl_->Find(key);
  const gguf_type type = gguf_get_arr_type(impl_->gguf.get(), id);
  if (type != GGUF_TYPE_INT32 && type != GGUF_TYPE_UINT32) {
    return KeyError(key, Describe(impl_->gguf.get(), id), "an array of int32 or uint32");
  }
  std::vector<int32_t> values = CopyArray<int32_t>(impl_->gguf.get(), id);
  for (const int32_t value : values) {
    if (type == GGUF_TYPE_UINT32 && value < 0) {
      return KeyError(key, std::to_string(static_cast<uint32_t>(value)), "at most 2147483647");
    }
  }
  return values;
}

Result<std::vector<uint8_t>> GgufReader::Bytes(const std::string& key, bool required) const {
  if (!required && !Has(key)) return std::vector<uint8_t>();
  const Result<uint64_t> length = ArrayLength(key);
  if (!length.ok()) return length.status();
  const int64_t id = impl_->Find(key);
  const gguf_type type = gguf_get_arr_type(impl_->gguf.get(), id);
  if (type != GGUF_TYPE_INT8 && type != GGUF_TYPE_UINT8) {
    return KeyError(key, Describe(impl_->gguf.get(), id), "an array of int8 or uint8");
  }
  return CopyArray<uint8_t>(impl_->gguf.get(), id);
}

Result<std::vector<bool>> GgufReader::Bools(const std::string& key) const {
  const Result<uint64_t> length = ArrayLength(key);
  if (!length.ok()) return length.status();
  const int64_t id = impl_->Find(key);
  if (gguf_get_arr_type(impl_->gguf.get(), id) != GGUF_TYPE_BOOL) {
    return KeyError(key, Describe(impl_->gguf.get(), id), "an array of bool");
  }
  // As in Bool: any byte but 0 counts as true.
  const std::vector<int8_t> bytes = CopyArray<int8_t>(impl_->gguf.get(), id);
  return std::vector<bool>(bytes.begin(), bytes.end());
}

}  // namespace dynsplit
