#include "model/config_keys.h"

#include <sstream>
#include <utility>

namespace dynsplit {

std::string NumberText(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

void ConfigKeys::CheckRange(const std::string& name, int64_t value, uint32_t min, uint32_t max) {
  Check(value >= min && value <= max, name, std::to_string(value),
        std::to_string(min) + " to " + std::to_string(max));
}

int ConfigKeys::Int(const std::string& name, uint32_t min, uint32_t max,
                    std::optional<uint32_t> missing) {
  const uint32_t value = Take(reader_.U32(prefix_ + name, missing), uint32_t{0});
  CheckRange(name, value, min, max);
  return static_cast<int>(value);
}

std::vector<int> ConfigKeys::IntByLayer(const std::string& name, uint32_t min, uint32_t max,
                                        int num_layers, uint32_t missing) {
  const auto count = static_cast<size_t>(num_layers);
  if (!reader_.IsArray(prefix_ + name)) {
    return std::vector<int>(count, Int(name, min, max, missing));
  }
  std::vector<int> values = Take(reader_.I32s(prefix_ + name), std::vector<int>());
  if (!ok()) return std::vector<int>(count);
  Check(values.size() == count, name, "an array of " + std::to_string(values.size()),
        "one of " + std::to_string(num_layers) + ", as there are layers");
  for (const int value : values) CheckRange(name, value, min, max);
  values.resize(count);
  return values;
}

float ConfigKeys::Float(const std::string& name, float above, float max,
                        std::optional<float> missing) {
  const float value = Take(reader_.F32(prefix_ + name, missing), 0.0f);
  Check(value > above && value <= max, name, NumberText(value),
        "above " + NumberText(above) + ", at most " + NumberText(max));
  return value;
}

float ConfigKeys::NonNegative(const std::string& name, float max, float missing) {
  const float value = Take(reader_.F32(prefix_ + name, missing), 0.0f);
  Check(value >= 0.0f && value <= max, name, NumberText(value), "0 to " + NumberText(max));
  return value;
}

float ConfigKeys::Factor(const std::string& name, float max) {
  const float value = NonNegative(name, max, 1.0f);
  return value == 0.0f ? 1.0f : value;
}

bool ConfigKeys::Bool(const std::string& name, bool missing) {
  return Take(reader_.Bool(prefix_ + name, missing), missing);
}

std::vector<bool> ConfigKeys::BoolByLayer(const std::string& name, int num_layers) {
  if (!reader_.IsArray(prefix_ + name)) return {};
  std::vector<bool> values = Take(reader_.Bools(prefix_ + name), std::vector<bool>());
  if (!ok()) return {};
  Check(values.size() == static_cast<size_t>(num_layers), name,
        "an array of " + std::to_string(values.size()),
        "one of " + std::to_string(num_layers) + ", as there are layers");
  if (!ok()) return {};
  return values;
}

std::string ConfigKeys::String(const std::string& name, std::string missing) {
  return Take(reader_.String(prefix_ + name, std::move(missing)), std::string());
}

void ConfigKeys::Check(bool good, const std::string& name, const std::string& got,
                       const std::string& wanted) {
  if (!good) Fail(reader_.KeyError(prefix_ + name, got, wanted));
}

void ConfigKeys::Refuse(const std::string& name, const std::string& why) {
  Fail(Unsupported(reader_.path() + ": key '" + prefix_ + name + "': " + why));
}

}  // namespace dynsplit
