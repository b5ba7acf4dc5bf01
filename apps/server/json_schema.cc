#include "apps/server/json_schema.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/server/json_grammar.h"
#include "apps/server/request_fields.h"
#include "engine/byte_automaton.h"

namespace dynsplit::server {
namespace {

using Node = ByteGrammar::Node;

constexpr int kMaxRepeats = 1000;     // of elements and characters that are counted
constexpr int kMaxRefs = 64;          // that lead to one another
constexpr size_t kMaxNodes = 50'000;  // 40 bytes each; one for each byte of a name or a constant
constexpr size_t kMaxListed = 1000;   // values of `enum`, names of `required`
// Of the states that a schema's first characters lead to, and of the work for them (20 ms; usual
// schemas have a tenth of it).
constexpr size_t kMaxFirstStates = 200;
constexpr int64_t kMaxFirstWork = 500'000;

// They say nothing of what a value may be.
constexpr std::array<std::string_view, 13> kAnnotations = {
    "title",   "description", "default",     "examples",   "$schema",  "$id",      "$comment",
    "$anchor", "$defs",       "definitions", "deprecated", "readOnly", "writeOnly"};
// They say all of it: there is nothing beside them but annotations, and a type beside `enum` and
// `const`.
constexpr std::array<std::string_view, 5> kWhole = {"$ref", "const", "enum", "anyOf", "allOf"};
constexpr std::array<std::string_view, 11> kTyped = {
    "type",      "properties",  "required", "additionalProperties",
    "items",     "prefixItems", "minItems", "maxItems",
    "minLength", "maxLength",   "format"};

template <size_t N>
bool IsOneOf(std::string_view key, const std::array<std::string_view, N>& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool IsOfType(const Json& value, std::string_view type) {
  return (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
         (type == "null" && value.is_null()) || (type == "object" && value.is_object()) ||
         (type == "array" && value.is_array()) || (type == "number" && value.is_number()) ||
         (type == "integer" && value.is_number_integer());
}

// A name as a JSON pointer has it (RFC 6901): ~1 is a slash, ~0 a tilde.
std::string Unescaped(std::string_view name) {
  std::string text;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool escape =
        name[i] == '~' && i + 1 < name.size() && (name[i + 1] == '0' || name[i + 1] == '1');
    text += !escape ? name[i] : (name[++i] == '1' ? '/' : '~');
  }
  return text;
}

class SchemaCompiler {
 public:
  SchemaCompiler(const Json& root, std::string name)
      : root_(root), name_(std::move(name)), pieces_(&grammar_) {}

  std::optional<ApiError> Compile(std::shared_ptr<const ByteGrammar>* grammar) {
    grammar_.set_start(Value(root_, name_));
    if (error_) return error_;
    auto made = std::make_shared<const ByteGrammar>(std::move(grammar_));
    CheckBeginnings(made);
    *grammar = std::move(made);
    return error_;
  }

 private:
  Node Fail(const std::string& path, const std::string& problem) {
    if (!error_) {
      error_ = ApiError{.message = path + " " + problem, .param = path, .code = "invalid_schema"};
    }
    return ByteGrammar::kEnd;
  }

  // Whether there are texts, and not too many ways to go on from the beginnings of them: a token
  // must not take long. What is met further on ends the answer (GrammarConstraint).
  void CheckBeginnings(std::shared_ptr<const ByteGrammar> grammar) {
    ByteAutomaton automaton(std::move(grammar));
    const auto is_too_much = [&] {
      return automaton.overflowed() || automaton.work() > kMaxFirstWork;
    };
    // States are numbered as they are come to: those of short texts first.
    for (size_t state = 0; state < std::min(automaton.num_states(), kMaxFirstStates); ++state) {
      for (int byte = 0; byte < 256 && !is_too_much(); ++byte) {
        automaton.Next(static_cast<ByteAutomaton::State>(state), static_cast<uint8_t>(byte));
      }
    }
    if (is_too_much()) {
      Fail(name_, "allows too many ways to go on from the same text");
    } else if (automaton.start() == ByteAutomaton::kDead) {
      Fail(name_, "allows no value");
    }
  }

  // Whether so many nodes more may be made.
  bool HasRoom(size_t nodes, const std::string& path) {
    if (grammar_.num_nodes() + nodes <= kMaxNodes) return true;
    Fail(path, "makes the schema too large");
    return false;
  }

  // A rule: what a value of the schema is written as.
  Node Value(const Json& schema, const std::string& path) {
    if (error_) return ByteGrammar::kEnd;
    if (!HasRoom(0, path)) return ByteGrammar::kEnd;
    if (schema.is_boolean() && schema.get<bool>()) return pieces_.any_value();
    if (!schema.is_object()) return Fail(path, "is no object, which a schema has to be");
    const char* whole = nullptr;
    bool typed = false;
    for (const auto& [key, value] : schema.items()) {
      typed = typed || IsOneOf(key, kTyped);
      if (IsOneOf(key, kWhole)) whole = FindKey(key);
      if (!IsOneOf(key, kAnnotations) && !IsOneOf(key, kWhole) && !IsOneOf(key, kTyped)) {
        return Fail(path + "." + key, "is not supported here");
      }
    }
    if (whole != nullptr) return Whole(schema, whole, path);
    return typed ? Typed(schema, path) : pieces_.any_value();
  }

  static const char* FindKey(const std::string& key) {
    return std::find(kWhole.begin(), kWhole.end(), key)->data();
  }

  Node Whole(const Json& schema, const std::string& whole, const std::string& path) {
    const bool listed = whole == "enum" || whole == "const";
    for (const auto& [key, value] : schema.items()) {
      if (key == whole || IsOneOf(key, kAnnotations) || (listed && key == "type")) continue;
      return Fail(path + "." + key, "beside " + whole + " is not supported here");
    }
    const Json& value = schema[whole];
    const std::string value_path = path + "." + whole;
    if (whole == "$ref") return Reference(value, value_path);
    if (whole == "const") return Enumeration(schema, Json::array({value}), value_path);
    if (!value.is_array() || value.empty()) return Fail(value_path, "is no list, or an empty one");
    if (whole == "enum") return Enumeration(schema, value, value_path);
    if (whole == "allOf" && value.size() > 1) {
      return Fail(value_path, "of more than one schema is not supported here");
    }
    std::vector<Node> ways;
    for (size_t i = 0; i < value.size(); ++i) {
      const Node way = Value(value[i], value_path + "[" + std::to_string(i) + "]");
      ways.push_back(grammar_.Call(way, ByteGrammar::kEnd));
    }
    return grammar_.Either(ways);
  }

  Node Enumeration(const Json& schema, const Json& values, const std::string& path) {
    if (values.size() > kMaxListed) return Fail(path, "has more than 1000 values");
    const std::vector<std::string> types = Types(schema, path);
    std::vector<Json> fitting;
    for (const Json& value : values) {
      if (!HasRoom(DumpJson(value).size(), path)) return ByteGrammar::kEnd;
      const bool fits = types.empty() || std::any_of(types.begin(), types.end(), [&](auto& type) {
                          return IsOfType(value, type);
                        });
      if (fits) fitting.push_back(value);
    }
    if (fitting.empty()) return Fail(path, "has no value of the schema's type");
    return pieces_.Constants(fitting);
  }

  // A part of the same document: "#", "#/$defs/NAME".
  Node Reference(const Json& ref, const std::string& path) {
    if (!ref.is_string()) return Fail(path, "is no text");
    const auto target_text = ref.get<std::string>();
    const auto known = rules_.find(target_text);
    if (known != rules_.end()) return known->second;
    const Json* target = Find(target_text);
    if (target == nullptr) return Fail(path, "is nothing in this schema");
    if (++num_open_refs_ > kMaxRefs) return Fail(path, "leads on to too many others");
    const Node rule = grammar_.Open();  // it may be needed within itself
    rules_.emplace(target_text, rule);
    grammar_.AddWay(
        rule, grammar_.Call(Value(*target, name_ + target_text.substr(1)), ByteGrammar::kEnd));
    --num_open_refs_;
    return rule;
  }

  const Json* Find(std::string_view ref) const {
    if (!ref.starts_with('#')) return nullptr;
    ref.remove_prefix(1);
    const Json* at = &root_;
    while (!ref.empty()) {
      if (ref.front() != '/' || !at->is_object()) return nullptr;
      const size_t end = std::min(ref.find('/', 1), ref.size());
      const auto found = at->find(Unescaped(ref.substr(1, end - 1)));
      if (found == at->end()) return nullptr;
      at = &*found;
      ref.remove_prefix(end);
    }
    return at;
  }

  // Of `type`; none where it is not given.
  std::vector<std::string> Types(const Json& schema, const std::string& path) {
    if (!schema.contains("type")) return {};
    const Json& type = schema["type"];
    std::vector<std::string> types;
    for (const Json& one : type.is_array() ? type : Json::array({type})) {
      if (one.is_string()) types.push_back(one.get<std::string>());
    }
    if (types.empty() || (type.is_array() && types.size() != type.size())) {
      Fail(path + ".type", "is neither a text nor a list of texts");
    }
    return types;
  }

  Node Typed(const Json& schema, const std::string& path) {
    std::vector<std::string> types = Types(schema, path);
    if (types.empty()) types.push_back(ImpliedType(schema));
    std::vector<Node> ways;
    for (const std::string& type : types) ways.push_back(OfType(schema, type, path));
    return ways.size() == 1 ? ways.front() : grammar_.Either(ways);
  }

  static std::string ImpliedType(const Json& schema) {
    for (const char* key : {"properties", "required", "additionalProperties"}) {
      if (schema.contains(key)) return "object";
    }
    for (const char* key : {"items", "prefixItems", "minItems", "maxItems"}) {
      if (schema.contains(key)) return "array";
    }
    return "string";
  }

  Node OfType(const Json& schema, const std::string& type, const std::string& path) {
    if (type == "object") return Object(schema, path);
    if (type == "array") return Array(schema, path);
    if (type == "string") return String(schema, path);
    if (type == "integer") return pieces_.integer();
    if (type == "number") return pieces_.number();
    if (type == "boolean") return pieces_.boolean();
    if (type == "null") return pieces_.null();
    return Fail(path + ".type", "is no type of JSON Schema");
  }

  // A whole number from 0 to kMaxRepeats.
  int Count(const Json& schema, const char* key, int standard, const std::string& path) {
    RequestFields fields(schema, path + ".");
    int count = standard;
    fields.Whole(key, 0, kMaxRepeats, &count);
    if (!error_ && fields.error()) error_ = fields.error();
    return count;
  }

  Node String(const Json& schema, const std::string& path) {
    const int least = Count(schema, "minLength", 0, path);
    const int most = Count(schema, "maxLength", -1, path);
    if (most >= 0 && most < least) return Fail(path + ".maxLength", "is less than minLength");
    if (!schema.contains("format")) return pieces_.String(least, most);
    if (least > 0 || most >= 0) {
      return Fail(path + ".format", "beside a length is not supported here");
    }
    const Json& format = schema["format"];
    const Node rule =
        format.is_string() ? pieces_.Format(format.get<std::string>()) : ByteGrammar::kNone;
    return rule != ByteGrammar::kNone ? rule : Fail(path + ".format", "is not supported here");
  }

  Node Object(const Json& schema, const std::string& path) {
    const Json none = Json::object();
    const Json& properties = schema.contains("properties") ? schema["properties"] : none;
    if (!properties.is_object()) return Fail(path + ".properties", "is no object");
    const Json others = schema.value("additionalProperties", Json(true));
    const std::vector<std::string> required = Required(schema, path);
    std::vector<JsonGrammar::Member> members;
    for (const auto& [key, value] : properties.items()) {
      if (!HasRoom(key.size(), path + ".properties")) return ByteGrammar::kEnd;
      members.push_back(
          {.name = key,
           .value = Value(value, path + ".properties." + key),
           .required = std::find(required.begin(), required.end(), key) != required.end()});
    }
    for (const std::string& key : required) {
      if (properties.contains(key)) continue;
      if (!HasRoom(key.size(), path + ".required")) return ByteGrammar::kEnd;
      if (others == Json(false)) return Fail(path + ".required", "has " + key + ", no property");
      members.push_back({.name = key, .value = OtherValue(others, path)});
    }
    if (!members.empty() || others == Json(false)) return pieces_.Object(members);
    return pieces_.FreeObject(OtherValue(others, path));
  }

  Node OtherValue(const Json& schema, const std::string& path) {
    return Value(schema, path + ".additionalProperties");
  }

  std::vector<std::string> Required(const Json& schema, const std::string& path) {
    std::vector<std::string> required;
    if (!schema.contains("required")) return required;
    const Json& list = schema["required"];
    for (const Json& name : list) {
      if (!list.is_array() || list.size() > kMaxListed || !name.is_string()) {
        Fail(path + ".required", "is no list of at most 1000 texts");
        return {};
      }
      const auto text = name.get<std::string>();
      if (std::find(required.begin(), required.end(), text) == required.end()) {
        required.push_back(text);
      }
    }
    return required;
  }

  Node Array(const Json& schema, const std::string& path) {
    const Json first = schema.value("prefixItems", Json::array());
    if (!first.is_array()) return Fail(path + ".prefixItems", "is no list");
    const Json rest = schema.value("items", Json(true));
    const int least = Count(schema, "minItems", 0, path);
    int most = Count(schema, "maxItems", -1, path);
    std::vector<Node> rules;
    for (size_t i = 0; i < first.size(); ++i) {
      rules.push_back(Value(first[i], path + ".prefixItems[" + std::to_string(i) + "]"));
    }
    Node rest_rule = ByteGrammar::kNone;
    const auto num_first = static_cast<int>(first.size());
    if (rest == Json(false)) {
      most = most < 0 ? num_first : std::min(most, num_first);
    } else {
      rest_rule = Value(rest, path + ".items");
    }
    if (most >= 0 && most < least) return Fail(path + ".minItems", "is more than there may be");
    return pieces_.Array(rules, rest_rule, least, most);
  }

  const Json& root_;
  const std::string name_;
  ByteGrammar grammar_;
  JsonGrammar pieces_;
  std::map<std::string, Node> rules_;  // of what is referred to
  int num_open_refs_ = 0;
  std::optional<ApiError> error_;
};

}  // namespace

std::shared_ptr<const ByteGrammar> AnyObjectGrammar() {
  auto grammar = std::make_shared<ByteGrammar>();
  grammar->set_start(JsonGrammar(grammar.get()).any_object());
  return grammar;
}

std::optional<ApiError> CompileSchema(const Json& schema, const std::string& name,
                                      std::shared_ptr<const ByteGrammar>* grammar) {
  return SchemaCompiler(schema, name).Compile(grammar);
}

}  // namespace dynsplit::server
