#include "apps/eval/tasks/user_file/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dynsplit::eval {
namespace {

using ::testing::HasSubstr;

void ExpectRefused(std::string_view text, const std::string& message) {
  const auto json = ParseJson(text, "f:3");
  EXPECT_EQ(json.status().code(), StatusCode::kInvalidArgument) << text.substr(0, 40);
  EXPECT_THAT(json.status().message(), HasSubstr("f:3"));
  EXPECT_THAT(json.status().message(), HasSubstr(message));
}

TEST(ParseJsonTest, SaysWhereItStops) {
  EXPECT_TRUE(ParseJson("{\"a\": [1, null, \"x\"]}", "f").ok());
  ExpectRefused("", "byte 1");
  ExpectRefused("{\"a\": }", "byte 7");
  ExpectRefused("{\"a\": 1} x", "byte 10");
  ExpectRefused("{\"a\": \"\x01\"}", "byte");
  ExpectRefused("{\"a\": \"\xff\xfe\"}", "byte");
  ExpectRefused(std::string_view("{\"a\"\0: 1}", 9), "byte");
  ExpectRefused("{\"a\": \"\\ud800\"}", "byte");
  ExpectRefused("[1e999]", "cannot be represented");
}

TEST(ParseJsonTest, DeepNestingTakesNoStack) {
  constexpr size_t kDepth = 1000000;
  ExpectRefused(std::string(kDepth, '['), "byte");
  std::string objects;
  for (size_t i = 0; i < kDepth / 10; ++i) objects += "{\"a\":";
  ExpectRefused(objects, "byte");
  EXPECT_TRUE(ParseJson(std::string(kDepth, '[') + std::string(kDepth, ']'), "f").ok());
}

TEST(FieldTest, SaysWhatItFoundAndWanted) {
  const auto json = *ParseJson(R"({"s": "x", "n": 3, "z": null, "l": ["a", 7], "o": {}})", "f");
  EXPECT_EQ(*StringField(json, "s", "f"), "x");
  EXPECT_THAT(StringField(json, "t", "f:9").status().message(), HasSubstr("f:9: no \"t\""));
  EXPECT_THAT(StringField(json, "n", "f").status().message(),
              HasSubstr("\"n\" is a number, wanted a string"));
  EXPECT_THAT(StringField(json, "z", "f").status().message(), HasSubstr("\"z\" is null"));
  EXPECT_THAT(ListField(json, "o", "f").status().message(), HasSubstr("an object, wanted a list"));
  EXPECT_THAT(StringListField(json, "l", "f").status().message(),
              HasSubstr("a number, wanted a list of strings"));
  EXPECT_EQ(StringField(json["l"], "s", "f").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(StringField(json["n"], "s", "f").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace dynsplit::eval
