// stdout: the answer or the JSON, and nothing else. A full disk or a reader that has gone is an
// error here, once, and what comes after it is dropped.
#pragma once

#include <atomic>
#include <string_view>

#include "dynsplit/status.h"

namespace dynsplit::cli {

class StandardOutput {
 public:
  // Where `cancel` is given, it is set at the first error, so that nobody goes on writing.
  explicit StandardOutput(std::atomic<bool>* cancel = nullptr) : cancel_(cancel) {}

  std::atomic<bool>* cancel() const { return cancel_; }

  // Writes and flushes, so that a person sees each piece at once.
  void Write(std::string_view text);
  bool used() const { return used_; }  // whether anything was to be written
  // IoError with the reason of the first error.
  Status Finish() const { return status_; }

 private:
  std::atomic<bool>* cancel_;
  Status status_;
  bool used_ = false;
};

}  // namespace dynsplit::cli
