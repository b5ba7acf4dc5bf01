// Errors as values. `Status` says whether an operation worked; `Result<T>` also carries its value.
// Both are [[nodiscard]]: ignoring one does not compile. A message names what failed, where, what
// was found and what was wanted. Thread safety: as std::string.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dynsplit {

enum class StatusCode {
  kOk,
  kInvalidArgument,    // a flag, parameter or request is wrong
  kNotFound,           // a file or name does not exist
  kCorruption,         // a file's content contradicts itself or its format
  kResourceExhausted,  // memory, disk or a configured limit
  kUnavailable,        // cannot be served now
  kUnsupported,        // well formed, but this build cannot do it
  kCancelled,          // the caller asked to stop
  kIoError,            // the operating system refused a read or write
  kInternal,           // a bug in this library
};

// The code's name, e.g. "InvalidArgument". Static storage.
std::string_view StatusCodeName(StatusCode code);

class [[nodiscard]] Status {
 public:
  Status() = default;  // ok
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }
  // "Corruption: model.gguf: ..." or "ok".
  std::string ToString() const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

inline Status InvalidArgument(std::string m) {
  return {StatusCode::kInvalidArgument, std::move(m)};
}
inline Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
inline Status Corruption(std::string m) { return {StatusCode::kCorruption, std::move(m)}; }
inline Status ResourceExhausted(std::string m) {
  return {StatusCode::kResourceExhausted, std::move(m)};
}
inline Status Unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
inline Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
inline Status IoError(std::string m) { return {StatusCode::kIoError, std::move(m)}; }
inline Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

// A value or the Status that says why there is none. Reading the value of a failed Result is a
// bug of the caller and throws std::bad_optional_access.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT: implicit by design
  Result(Status status) : status_(std::move(status)) {  // NOLINT: implicit by design
    if (status_.ok()) status_ = Internal("Result built from an ok Status without a value");
  }

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  T& value() & { return value_.value(); }
  const T& value() const& { return value_.value(); }
  T&& value() && { return std::move(value_).value(); }
  T& operator*() & { return value_.value(); }
  const T& operator*() const& { return value_.value(); }
  T&& operator*() && { return std::move(value_).value(); }
  T* operator->() { return &value_.value(); }
  const T* operator->() const { return &value_.value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace dynsplit

// Returns the Status from the enclosing function unless it is ok.
#define DYNSPLIT_RETURN_IF_ERROR(expr)                                        \
  do {                                                                        \
    if (::dynsplit::Status dynsplit_status_ = (expr); !dynsplit_status_.ok()) \
      return dynsplit_status_;                                                \
  } while (0)
