#include "apps/server/request_fields.h"

#include <algorithm>
#include <utility>

namespace dynsplit::server {
namespace {

constexpr int kMaxDepth = 32;         // what requests need is 5
constexpr size_t kMaxShownText = 64;  // bytes of a wrong value that an error repeats

std::string Shown(const Json& value) {
  if (!value.is_primitive()) return value.is_array() ? "a list" : "an object";
  std::string text = DumpJson(value);
  if (text.size() > kMaxShownText) text = text.substr(0, kMaxShownText) + "...";
  return text;
}

// is_number_integer() alone would let a number above 2^63 wrap around.
std::optional<int64_t> WholeOf(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(INT64_MAX)) return {};
    return static_cast<int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  return {};
}

}  // namespace

ParsedBody ParseBody(std::string_view body) {
  bool too_deep = false;
  const auto limit = [&](int depth, Json::parse_event_t, const Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  ParsedBody parsed;
  parsed.json = Json::parse(body, limit, /*allow_exceptions=*/false);
  if (too_deep) {
    parsed.error = {.message = "the body is nested deeper than " + std::to_string(kMaxDepth)};
  } else if (parsed.json.is_discarded()) {
    parsed.error = {.message = "the body is no well-formed JSON"};
  } else if (!parsed.json.is_object()) {
    parsed.error = {.message = "the body is " + Shown(parsed.json) + ", wanted an object"};
  }
  return parsed;
}

RequestFields::RequestFields(const Json& object, std::string prefix)
    : object_(object), prefix_(std::move(prefix)) {}

void RequestFields::Bool(const char* key, bool* value) {
  const Json* json = Find(key);
  if (json == nullptr) return;
  if (!json->is_boolean()) return Wrong(key, *json, "true or false");
  *value = json->get<bool>();
}

void RequestFields::Whole(const char* key, int64_t least, int64_t most, int64_t* value) {
  const Json* json = Find(key);
  if (json == nullptr) return;
  const std::optional<int64_t> number = WholeOf(*json);
  if (!number || *number < least || *number > most) {
    return Wrong(key, *json,
                 "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  *value = *number;
}

void RequestFields::Whole(const char* key, int64_t least, int64_t most, int* value) {
  int64_t wide = *value;
  Whole(key, least, most, &wide);
  *value = static_cast<int>(wide);
}

void RequestFields::Number(const char* key, double least, double most, float* value) {
  const Json* json = Find(key);
  if (json == nullptr) return;
  if (!json->is_number() || !(json->get<double>() >= least && json->get<double>() <= most)) {
    return Wrong(key, *json, "a number from " + DumpJson(least) + " to " + DumpJson(most));
  }
  *value = json->get<float>();
}

void RequestFields::Text(const char* key, std::string* value) {
  const Json* json = Find(key);
  if (json == nullptr) return;
  if (!json->is_string()) return Wrong(key, *json, "a text");
  *value = json->get<std::string>();
}

void RequestFields::Texts(const char* key, size_t most, std::vector<std::string>* values) {
  const Json* json = Find(key);
  if (json == nullptr) return;
  const Json list = json->is_array() ? *json : Json::array({*json});
  const bool good =
      list.size() <= most && std::all_of(list.begin(), list.end(), [](auto& text) {
        return text.is_string() && !text.template get_ref<const std::string&>().empty();
      });
  if (!good) {
    return Wrong(key, *json,
                 "a text that is not empty, or a list of at most " + std::to_string(most));
  }
  *values = list.get<std::vector<std::string>>();
}

void RequestFields::Refuse(const char* key, const std::vector<Json>& harmless) {
  const Json* json = Find(key);
  if (json == nullptr || std::find(harmless.begin(), harmless.end(), *json) != harmless.end()) {
    return;
  }
  Fail(key, prefix_ + key + " is not supported here", "unsupported_parameter");
}

const Json* RequestFields::Find(const char* key) const {
  if (error_) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void RequestFields::Fail(const std::string& key, const std::string& message,
                         const std::string& code) {
  Keep(ApiError{.message = message, .param = prefix_ + key, .code = code});
}

void RequestFields::Keep(std::optional<ApiError> error) {
  if (!error_) error_ = std::move(error);
}

void RequestFields::Wrong(const std::string& key, const Json& got, const std::string& wanted) {
  Fail(key, prefix_ + key + " is " + Shown(got) + ", wanted " + wanted);
}

}  // namespace dynsplit::server
