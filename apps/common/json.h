// JSON that comes from outside or goes there: written well-formed whatever the texts are, and read
// without a doubt about what a value is (nlohmann's own conversions round and wrap numbers).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace dynsplit {

using Json = nlohmann::ordered_json;

// What is not UTF-8 in a text is written as U+FFFD. indent -1: one line.
std::string DumpJson(const Json& json, int indent = -1);

// Takes values out of an object, and keeps what was wrong with the first that was wrong; nothing is
// taken after that. `object` must outlive it.
class JsonFields {
 public:
  explicit JsonFields(const Json& object);

  void Text(const char* key, std::string* value);
  void TextOrNull(const char* key, std::string* value);
  void Texts(const char* key, std::vector<std::string>* values);
  void Count(const char* key, int64_t* value);       // a whole number from 0 up
  void Count(const char* key, int end, int* value);  // below `end`
  void Number(const char* key, double* value);
  void Number(const char* key, double least, double most, double* value);
  bool Has(const char* key) const { return object_.contains(key); }

  // The elements of a list; none where it is not one.
  const Json& List(const char* key);

  const std::string& problem() const { return problem_; }  // "" while all is well
  void Fail(const std::string& problem);                   // unless something was wrong before

 private:
  const Json* Find(const char* key);
  template <typename T>
  void Take(const char* key, const Json& json, bool good, const std::string& wanted, T* value);

  const Json& object_;
  std::string problem_;
};

}  // namespace dynsplit
