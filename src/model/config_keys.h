// Reads the keys below an architecture's prefix ("llama.block_count") and keeps the first error, so
// that a reader of many keys stays readable: whoever uses one asks ok() at the end, and before a
// value decides which others are wanted. After an error values are meaningless. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"
#include "model/gguf_reader.h"

namespace dynsplit {

class ConfigKeys {
 public:
  // `reader` must outlive this.
  ConfigKeys(const GgufReader& reader, std::string_view prefix)
      : reader_(reader), prefix_(std::string(prefix) + ".") {}

  bool Has(const std::string& name) const { return reader_.Has(prefix_ + name); }

  // In [min, max]; `missing` where there is no such key.
  int Int(const std::string& name, uint32_t min, uint32_t max,
          std::optional<uint32_t> missing = {});
  // One number for all layers, or an array of one for each: [num_layers].
  std::vector<int> IntByLayer(const std::string& name, uint32_t min, uint32_t max, int num_layers,
                              uint32_t missing);
  // In (above, max]; NaN is refused.
  float Float(const std::string& name, float above, float max, std::optional<float> missing = {});
  // In [0, max]; NaN is refused.
  float NonNegative(const std::string& name, float max, float missing);
  // In (0, max]; 1 for 0 and where there is no such key.
  float Factor(const std::string& name, float max);
  bool Bool(const std::string& name, bool missing);
  // An array of one for each layer; empty where there is no such key or it is a number.
  std::vector<bool> BoolByLayer(const std::string& name, int num_layers);
  std::string String(const std::string& name, std::string missing);

  // Corruption unless `good`.
  void Check(bool good, const std::string& name, const std::string& got, const std::string& wanted);
  // Unsupported.
  void Refuse(const std::string& name, const std::string& why);

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }

 private:
  void Fail(Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  template <typename T>
  T Take(Result<T> result, T otherwise) {
    if (result.ok()) return std::move(result).value();
    Fail(result.status());
    return otherwise;
  }
  void CheckRange(const std::string& name, int64_t value, uint32_t min, uint32_t max);

  const GgufReader& reader_;
  std::string prefix_;
  Status status_;
};

// A number as messages show it.
std::string NumberText(double value);

}  // namespace dynsplit
