// Writes GGUF files for tests: valid ones, and on purpose invalid ones, for nothing is checked
// here. Keys and tensors keep the order in which they were added.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dynsplit::testing {

struct GgufWriterTensor {
  std::string name;
  uint32_t type = 0;            // a ggml_type
  std::vector<uint64_t> shape;  // ggml's order
  std::string bytes;
  std::optional<uint64_t> offset;  // where the entry says that it is; default: where it is
};

class GgufWriter {
 public:
  // Each sets or replaces the value of a key.
  void SetU32(const std::string& key, uint32_t value);
  void SetI32(const std::string& key, int32_t value);
  void SetU64(const std::string& key, uint64_t value);
  void SetF32(const std::string& key, float value);
  void SetBool(const std::string& key, bool value);
  void SetString(const std::string& key, const std::string& value);
  void SetStrings(const std::string& key, const std::vector<std::string>& values);
  void SetF32s(const std::string& key, const std::vector<float>& values);
  void SetI32s(const std::string& key, const std::vector<int32_t>& values);
  // Any gguf_type with any bytes after it.
  void SetRaw(const std::string& key, uint32_t type, std::string bytes);

  bool Has(const std::string& key) const;
  void Remove(const std::string& key);
  std::vector<std::string> keys() const;

  std::vector<GgufWriterTensor>& tensors() { return tensors_; }
  // The tensor of that name; there must be one.
  GgufWriterTensor& tensor(const std::string& name);
  void RemoveTensor(const std::string& name);

  // What the header says, where it is to differ from the truth.
  void set_version(uint32_t version) { version_ = version; }
  void set_num_keys(uint64_t num_keys) { num_keys_ = num_keys; }
  void set_num_tensors(uint64_t num_tensors) { num_tensors_ = num_tensors; }

  std::string Build() const;
  // The bytes of Build() in front of the tensors.
  size_t HeaderBytes() const { return Header().size(); }

 private:
  struct Key {
    std::string name;
    uint32_t type = 0;
    std::string bytes;
  };
  std::string Header() const;

  uint32_t version_ = 3;
  std::optional<uint64_t> num_keys_;
  std::optional<uint64_t> num_tensors_;
  std::vector<Key> keys_;
  std::vector<GgufWriterTensor> tensors_;
};

// The bytes of a number or a GGUF string, to build raw values.
template <typename T>
std::string RawBytes(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(T));
}
std::string RawString(const std::string& text);

}  // namespace dynsplit::testing
