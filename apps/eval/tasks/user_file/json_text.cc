#include "apps/eval/tasks/user_file/json_text.h"

namespace dynsplit::eval {
namespace {

using nlohmann::json;

// "a number", "a list": as a user would say it.
std::string TypeName(const json& value) {
  if (value.is_null()) return "null";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  return std::string("a ") + value.type_name();
}

Result<const json*> Field(const json& object, const std::string& name, const std::string& where) {
  if (!object.is_object()) {
    return InvalidArgument(where + ": " + TypeName(object) + ", wanted an object with \"" + name +
                           "\"");
  }
  const auto at = object.find(name);
  if (at == object.end()) return InvalidArgument(where + ": no \"" + name + "\"");
  return &*at;
}

Status WrongType(const json& value, const std::string& name, const std::string& where,
                 const std::string& wanted) {
  return InvalidArgument(where + ": \"" + name + "\" is " + TypeName(value) + ", wanted " + wanted);
}

}  // namespace

Result<json> ParseJson(std::string_view text, const std::string& where) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    return InvalidArgument(where + ": not JSON, at byte " + std::to_string(error.byte));
  } catch (const json::exception&) {  // such as a number that no double holds
    return InvalidArgument(where + ": JSON with a value that cannot be represented");
  }
}

Result<const json*> ListField(const json& object, const std::string& name,
                              const std::string& where) {
  const auto field = Field(object, name, where);
  if (!field.ok()) return field.status();
  if (!(*field)->is_array()) return WrongType(**field, name, where, "a list");
  return *field;
}

Result<std::string> StringField(const json& object, const std::string& name,
                                const std::string& where) {
  const auto field = Field(object, name, where);
  if (!field.ok()) return field.status();
  if (!(*field)->is_string()) return WrongType(**field, name, where, "a string");
  return (*field)->get<std::string>();
}

Result<std::vector<std::string>> StringListField(const json& object, const std::string& name,
                                                 const std::string& where) {
  const auto field = ListField(object, name, where);
  if (!field.ok()) return field.status();
  std::vector<std::string> strings;
  for (const json& item : **field) {
    if (!item.is_string()) return WrongType(item, name, where, "a list of strings alone");
    strings.push_back(item.get<std::string>());
  }
  return strings;
}

}  // namespace dynsplit::eval
