// Takes values out of the JSON of a request. A field that is missing or null keeps its default, one
// that is not known is ignored, and the first that is wrong is kept as an error that names it;
// nothing is taken after that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/json.h"
#include "apps/server/api_error.h"

namespace dynsplit::server {

// The JSON object of a body; an error where it is malformed, nested too deeply, of too many objects
// or keys, or no object. Time is linear in the body's bytes but for the keys of one object (256).
struct ParsedBody {
  Json json;
  std::optional<ApiError> error;
};
ParsedBody ParseBody(std::string_view body);

class RequestFields {
 public:
  // `prefix` stands before the names of fields in errors: "stream_options.". `object` must be one,
  // and outlive this.
  explicit RequestFields(const Json& object, std::string prefix = {});

  void Bool(const char* key, bool* value);
  void Whole(const char* key, int64_t least, int64_t most, int64_t* value);
  void Whole(const char* key, int64_t least, int64_t most, int* value);
  void Number(const char* key, double least, double most, float* value);
  void Text(const char* key, std::string* value);
  // A text or a list of at most `most` texts, none of them empty.
  void Texts(const char* key, size_t most, std::vector<std::string>* values);
  // For what is not done here and would change the answer: refused unless missing, null, or one of
  // the values that mean "not wanted".
  void Refuse(const char* key, const std::vector<Json>& harmless);

  // Fails for the first key that is none of these: where ignoring it would be another answer than
  // the one that was meant.
  void AllowOnly(const std::vector<std::string>& keys);

  // The value; null where it is missing, null, or something was wrong before.
  const Json* Find(const char* key) const;

  // Keeps the error unless there is one. `key` may go on: "messages[0].role".
  void Fail(const std::string& key, const std::string& message, const std::string& code = {});
  void Keep(std::optional<ApiError> error);
  const std::optional<ApiError>& error() const { return error_; }

 private:
  void Wrong(const std::string& key, const Json& got, const std::string& wanted);

  const Json& object_;
  std::string prefix_;
  std::optional<ApiError> error_;
};

}  // namespace dynsplit::server
