#include "apps/server/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "server/grammar_match.h"

namespace dynsplit::testing {
namespace {

using namespace dynsplit::server;  // NOLINT: all tests here are of it
using ::testing::HasSubstr;

bool Allows(const std::string& schema, const std::string& text) {
  std::shared_ptr<const ByteGrammar> grammar;
  const auto error = CompileSchema(Json::parse(schema), "schema", &grammar);
  EXPECT_FALSE(error) << error->message;
  return grammar && MatchesGrammar(grammar, text);
}

// The field that an error names.
std::string WrongFieldOf(const Json& schema) {
  std::shared_ptr<const ByteGrammar> grammar;
  const auto error = CompileSchema(schema, "schema", &grammar);
  if (!error) return "";
  EXPECT_EQ(error->http_status, 400);
  EXPECT_THAT(error->message, HasSubstr(error->param));
  return error->param;
}
std::string WrongField(const std::string& schema) { return WrongFieldOf(Json::parse(schema)); }

TEST(JsonSchemaTest, AnyObjectIsAnObject) {
  EXPECT_TRUE(MatchesGrammar(AnyObjectGrammar(), R"({"a": {"b": [1, null]}})"));
  EXPECT_TRUE(MatchesGrammar(AnyObjectGrammar(), "{}"));
  EXPECT_FALSE(MatchesGrammar(AnyObjectGrammar(), "[]"));
}

TEST(JsonSchemaTest, ObjectsOfTypedMembers) {
  const std::string schema = R"({
    "title": "Person", "type": "object", "additionalProperties": false,
    "properties": {"name": {"type": "string", "minLength": 1}, "age": {"type": "integer"},
                   "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2}},
    "required": ["name", "tags"]})";
  EXPECT_TRUE(Allows(schema, R"({"name": "Ann", "age": 3, "tags": ["a", "b"]})"));
  EXPECT_TRUE(Allows(schema, R"({"name":"Ann","tags":[]})"));
  EXPECT_FALSE(Allows(schema, R"({"name":"","tags":[]})"));
  EXPECT_FALSE(Allows(schema, R"({"name":"Ann"})"));
  EXPECT_FALSE(Allows(schema, R"({"name":"Ann","age":3.5,"tags":[]})"));
  EXPECT_FALSE(Allows(schema, R"({"name":"Ann","tags":["a","b","a"]})"));
  EXPECT_FALSE(Allows(schema, R"({"name":"Ann","tags":["c"]})"));
  EXPECT_FALSE(Allows(schema, R"({"name":"Ann","tags":[],"more":1})"));
}

TEST(JsonSchemaTest, TypesAndListsOfThem) {
  EXPECT_TRUE(Allows(R"({"type": ["string", "null"]})", "null"));
  EXPECT_TRUE(Allows(R"({"type": ["string", "null"]})", R"("x")"));
  EXPECT_FALSE(Allows(R"({"type": ["string", "null"]})", "1"));
  EXPECT_TRUE(Allows("{}", "[1]"));
  EXPECT_TRUE(Allows("true", "1"));
  EXPECT_TRUE(Allows(R"({"minLength": 2})", R"("ab")"));
  EXPECT_TRUE(Allows(R"({"items": {"type": "null"}})", "[null]"));
}

TEST(JsonSchemaTest, ConstantsAndChoices) {
  EXPECT_TRUE(Allows(R"({"const": {"a": [1]}})", R"({"a":[1]})"));
  EXPECT_TRUE(Allows(R"({"enum": ["a", 1, null]})", "null"));
  EXPECT_FALSE(Allows(R"({"enum": ["a", 1, null], "type": "string"})", "null"));
  const std::string any = R"({"anyOf": [{"type": "integer"}, {"const": "none"}]})";
  EXPECT_TRUE(Allows(any, "17"));
  EXPECT_TRUE(Allows(any, R"("none")"));
  EXPECT_FALSE(Allows(any, R"("some")"));
  EXPECT_TRUE(Allows(R"({"allOf": [{"type": "null"}]})", "null"));
}

TEST(JsonSchemaTest, FreeObjectsAndTuples) {
  const std::string map = R"({"type": "object", "additionalProperties": {"type": "integer"}})";
  EXPECT_TRUE(Allows(map, R"({"x": 1, "y": 2})"));
  EXPECT_FALSE(Allows(map, R"({"x": "1"})"));
  EXPECT_TRUE(Allows(R"({"type": "object", "additionalProperties": false})", "{}"));
  EXPECT_TRUE(Allows(R"({"type": "object", "required": ["x"]})", R"({"x": [1]})"));
  const std::string pair =
      R"({"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false, "minItems": 2})";
  EXPECT_TRUE(Allows(pair, R"(["a", 1])"));
  EXPECT_FALSE(Allows(pair, R"(["a"])"));
  EXPECT_FALSE(Allows(pair, R"(["a", 1, 2])"));
}

TEST(JsonSchemaTest, ReferencesMayGoRound) {
  const std::string tree = R"({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object",
    "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"},
    {"type": "null"}]}}, "required": ["value", "next"]}}})";
  EXPECT_TRUE(Allows(tree, R"({"value": 1, "next": {"value": 2, "next": null}})"));
  EXPECT_FALSE(Allows(tree, R"({"value": 1, "next": {"value": 2}})"));
  EXPECT_TRUE(Allows(R"({"type": "array", "items": {"$ref": "#"}})", "[[], [[]]]"));
  EXPECT_TRUE(
      Allows(R"({"$ref": "#/$defs/a~1b~01", "$defs": {"a/b~1": {"type": "null"}}})", "null"));
}

TEST(JsonSchemaTest, WhatIsNotSupportedIsNamed) {
  EXPECT_EQ(WrongField(R"({"type": "string", "pattern": "a+"})"), "schema.pattern");
  EXPECT_EQ(WrongField(R"({"properties": {"a": {"items": {"minimum": 3}}}})"),
            "schema.properties.a.items.minimum");
  EXPECT_EQ(WrongField(R"({"oneOf": [{}]})"), "schema.oneOf");
  EXPECT_EQ(WrongField(R"({"anyOf": [{}], "type": "object"})"), "schema.type");
  EXPECT_EQ(WrongField(R"({"allOf": [{}, {}]})"), "schema.allOf");
  EXPECT_EQ(WrongField(R"({"type": "string", "format": "email"})"), "schema.format");
}

TEST(JsonSchemaTest, WhatIsNoSchemaIsNamed) {
  EXPECT_EQ(WrongField("3"), "schema");
  EXPECT_EQ(WrongField("false"), "schema");
  EXPECT_EQ(WrongField(R"({"type": "text"})"), "schema.type");
  EXPECT_EQ(WrongField(R"({"type": [3]})"), "schema.type");
  EXPECT_EQ(WrongField(R"({"type": "string", "minLength": -1})"), "schema.minLength");
  EXPECT_EQ(WrongField(R"({"type": "string", "minLength": 3, "maxLength": 2})"),
            "schema.maxLength");
  EXPECT_EQ(WrongField(R"({"type": "array", "minItems": 3, "maxItems": 2})"), "schema.minItems");
  EXPECT_EQ(WrongField(R"({"enum": []})"), "schema.enum");
  EXPECT_EQ(WrongField(R"({"enum": [1], "type": "string"})"), "schema.enum");
  EXPECT_EQ(WrongField(R"({"required": "a"})"), "schema.required");
  EXPECT_EQ(WrongField(R"({"required": ["a"], "additionalProperties": false})"), "schema.required");
  EXPECT_EQ(WrongField(R"({"properties": []})"), "schema.properties");
  EXPECT_EQ(WrongField(R"({"$ref": "#/$defs/none"})"), "schema.$ref");
  EXPECT_EQ(WrongField(R"({"$ref": "https://a.example/b"})"), "schema.$ref");
  EXPECT_EQ(WrongField(R"({"$ref": "#"})"), "schema");  // allows nothing
}

TEST(JsonSchemaTest, SizeIsBounded) {
  EXPECT_EQ(WrongFieldOf(Json{{"const", std::string(100'000, 'x')}}), "schema.const");
  Json many = Json::array();
  for (int i = 0; i < 1001; ++i) many.push_back(i);
  EXPECT_EQ(WrongFieldOf(Json{{"enum", many}}), "schema.enum");
  Json wide = Json::object();
  for (int i = 0; i < 200; ++i) {
    wide["p" + std::to_string(i)] = {{"type", "string"}, {"maxLength", 1000}};
  }
  EXPECT_THAT(WrongFieldOf(Json{{"properties", wide}}), HasSubstr("schema.properties"));
  EXPECT_EQ(WrongField(R"({"type": "string", "maxLength": 100000})"), "schema.maxLength");
  Json chain = {{"$ref", "#/$defs/r0"}};
  for (int i = 0; i < 200; ++i) {
    const std::string next = "#/$defs/r" + std::to_string(i + 1);
    chain["$defs"]["r" + std::to_string(i)] = {{"$ref", next}};
  }
  EXPECT_THAT(WrongFieldOf(chain), HasSubstr("$ref"));
}

Json Alternatives(int count, const std::function<Json(int)>& make) {
  Json schema;
  for (int i = 0; i < count; ++i) schema["anyOf"].push_back(make(i));
  return schema;
}

TEST(JsonSchemaTest, UsualSchemasAreFarFromTheBounds) {
  Json wide = {{"type", "object"}};
  std::string members;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "property" + std::to_string(i);
    wide["properties"][name] = {{"type", "string"}};
    members += (i == 0 ? "\"" : ",\"") + name + "\":\"x\"";
  }
  EXPECT_TRUE(Allows(wide.dump(), "{" + members + "}"));
  EXPECT_TRUE(Allows(wide.dump(), R"({"property19":"x"})"));
  EXPECT_TRUE(Allows(Json{{"type", "array"}, {"items", wide}}.dump(), "[{" + members + "}, {}]"));
  Json values;
  for (int i = 0; i < 1000; ++i) values.push_back("value number " + std::to_string(i));
  EXPECT_TRUE(Allows(Json{{"enum", values}}.dump(), R"("value number 77")"));
  EXPECT_TRUE(Allows(Json{{"enum", values}}.dump(), R"("value number 770")"));
  EXPECT_FALSE(Allows(Json{{"enum", values}}.dump(), R"("value number 1000")"));
  const auto shape = [](int i) {
    return Json{{"type", "object"},
                {"required", {"kind", "name"}},
                {"properties",
                 {{"name", {{"type", "string"}}}, {"kind", {{"const", "k" + std::to_string(i)}}}}}};
  };
  EXPECT_TRUE(Allows(Alternatives(5, shape).dump(), R"({"name": "x", "kind": "k4"})"));
  const auto value = [](int i) { return Json{{"const", "value " + std::to_string(i)}}; };
  EXPECT_TRUE(Allows(Alternatives(300, value).dump(), R"("value 299")"));
}

// Each would take the engine's thread for seconds.
TEST(JsonSchemaTest, TooManyWaysAtOnceAreRefused) {
  const auto text = [](int i) { return Json{{"type", "string"}, {"minLength", i}}; };
  EXPECT_EQ(WrongFieldOf(Alternatives(200, text)), "schema");
  const auto node = [](int i) {
    return Json{{"type", "array"}, {"minItems", i}, {"items", {{"$ref", "#/$defs/node"}}}};
  };
  EXPECT_EQ(WrongFieldOf({{"$ref", "#/$defs/node"}, {"$defs", {{"node", Alternatives(30, node)}}}}),
            "schema");
}

}  // namespace
}  // namespace dynsplit::testing
