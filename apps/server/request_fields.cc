#include "apps/server/request_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dynsplit::server {
namespace {

constexpr size_t kMaxDepth = 32;  // what requests need is 5
// Messages and their parts. Objects are kept in the order of their keys, and each key is looked for
// among those before it: with these two limits 16 MB take no more than seconds, whatever they are.
constexpr size_t kMaxObjects = 10'000;
constexpr size_t kMaxKeys = 256;      // of one object
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

// Reads JSON without keeping it, in linear time, up to what is malformed or over a limit.
class BodyCheck : public nlohmann::json_sax<Json> {
 public:
  const std::string& problem() const { return problem_; }  // "" while all is well
  const std::string& last_key() const { return last_key_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override {
    if (++num_objects_ > kMaxObjects) return Over("has more objects than", kMaxObjects);
    return Open();
  }
  bool key(string_t& key) override {
    last_key_ = key;
    if (++num_keys_.back() > kMaxKeys) return Over("has an object with more keys than", kMaxKeys);
    return true;
  }
  bool end_object() override { return Close(); }
  bool start_array(size_t) override { return Open(); }
  bool end_array() override { return Close(); }
  bool parse_error(size_t, const std::string&, const Json::exception& error) override {
    constexpr int kNumberOverflow = 406;  // nlohmann's id
    problem_ = error.id == kNumberOverflow ? "the body has a number that is too large"
                                           : "the body is no well-formed JSON";
    if (!last_key_.empty()) problem_ += ", behind \"" + last_key_.substr(0, kMaxShownText) + "\"";
    return false;
  }

 private:
  bool Open() {
    num_keys_.push_back(0);
    return num_keys_.size() <= kMaxDepth || Over("is nested deeper than", kMaxDepth);
  }
  bool Close() {
    num_keys_.pop_back();
    return true;
  }
  bool Over(const std::string& what, size_t limit) {
    problem_ = "the body " + what + " " + std::to_string(limit);
    return false;
  }

  std::vector<size_t> num_keys_;  // of each object that is open; 0 for a list
  size_t num_objects_ = 0;
  std::string last_key_;
  std::string problem_;
};

}  // namespace

ParsedBody ParseBody(std::string_view body) {
  ParsedBody parsed;
  BodyCheck check;
  if (!Json::sax_parse(body, &check)) {
    parsed.error = {.message = check.problem(), .param = check.last_key().substr(0, kMaxShownText)};
    return parsed;
  }
  // Not with a callback: that has nlohmann's parser go over all siblings at the end of each value.
  parsed.json = Json::parse(body);
  if (!parsed.json.is_object()) {
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

void RequestFields::AllowOnly(const std::vector<std::string>& keys) {
  for (const auto& [key, value] : object_.items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    return Fail(key, fmt::format("{}{} is none of {}", prefix_, key, fmt::join(keys, ", ")));
  }
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
