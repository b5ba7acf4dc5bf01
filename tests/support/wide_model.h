// A copy of a GGUF model with every matrix as f16. ggml rounds activations to 8 bits before it
// multiplies them with a quantised matrix, and that hides small differences between two engines
// behind larger ones of its own; with f16 matrices it does not.
#pragma once

#include <string>

#include "dynsplit/status.h"

namespace dynsplit::testing {

class WideModel {
 public:
  // Writes it beside `path`, under a name of its own. NotFound, IoError. Holds one tensor at a time
  // in memory; 3.1 GB on disk for a model of 1.5e9 weights.
  static Result<WideModel> Make(const std::string& path);
  WideModel(WideModel&& other) noexcept;
  WideModel& operator=(WideModel&& other) = delete;
  ~WideModel();  // removes the file

  const std::string& path() const { return path_; }

 private:
  explicit WideModel(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace dynsplit::testing
