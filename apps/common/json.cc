#include "apps/common/json.h"

#include <algorithm>

namespace dynsplit {

std::string DumpJson(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

JsonFields::JsonFields(const Json& object) : object_(object) {
  if (!object.is_object()) problem_ = "not a JSON object";
}

void JsonFields::Text(const char* key, std::string* value) {
  if (const Json* json = Find(key)) Take(key, *json, json->is_string(), "a text", value);
}

void JsonFields::TextOrNull(const char* key, std::string* value) {
  const Json* json = Find(key);
  if (json == nullptr || json->is_null()) return;
  Take(key, *json, json->is_string(), "a text or null", value);
}

void JsonFields::Texts(const char* key, std::vector<std::string>* values) {
  const Json* json = Find(key);
  if (json == nullptr) return;
  const bool good = json->is_array() && std::all_of(json->begin(), json->end(),
                                                    [](const Json& j) { return j.is_string(); });
  Take(key, *json, good, "a list of texts", values);
}

void JsonFields::Count(const char* key, int64_t* value) {
  const Json* json = Find(key);
  if (json == nullptr) return;
  const bool good = json->is_number_integer() && json->get<int64_t>() >= 0;
  Take(key, *json, good, "a whole number from 0 up", value);
}

void JsonFields::Count(const char* key, int end, int* value) {
  const Json* json = Find(key);
  if (json == nullptr) return;
  const bool good =
      json->is_number_integer() && json->get<int64_t>() >= 0 && json->get<int64_t>() < end;
  Take(key, *json, good, "a whole number from 0 to " + std::to_string(end - 1), value);
}

void JsonFields::Number(const char* key, double* value) {
  if (const Json* json = Find(key)) Take(key, *json, json->is_number(), "a number", value);
}

void JsonFields::Number(const char* key, double least, double most, double* value) {
  const Json* json = Find(key);
  if (json == nullptr) return;
  const bool good =
      json->is_number() && json->get<double>() >= least && json->get<double>() <= most;
  Take(key, *json, good, "a number from " + DumpJson(least) + " to " + DumpJson(most), value);
}

const Json& JsonFields::List(const char* key) {
  static const Json& empty = *new Json(Json::array());
  const Json* json = Find(key);
  if (json == nullptr) return empty;
  if (json->is_array()) return *json;
  Fail(std::string(key) + " is " + json->type_name() + ", wanted a list");
  return empty;
}

void JsonFields::Fail(const std::string& problem) {
  if (problem_.empty()) problem_ = problem;
}

const Json* JsonFields::Find(const char* key) {
  if (!problem_.empty()) return nullptr;
  const auto found = object_.find(key);
  if (found != object_.end()) return &*found;
  problem_ = std::string("no ") + key;
  return nullptr;
}

template <typename T>
void JsonFields::Take(const char* key, const Json& json, bool good, const std::string& wanted,
                      T* value) {
  if (good) {
    json.get_to(*value);
  } else {
    const std::string got = json.is_primitive() ? DumpJson(json) : json.type_name();
    problem_ = std::string(key) + " is " + got + ", wanted " + wanted;
  }
}

}  // namespace dynsplit
