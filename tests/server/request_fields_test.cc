#include "apps/server/request_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dynsplit::server {
namespace {

TEST(ParseBody, RefusesWhatIsNoObject) {
  EXPECT_FALSE(ParseBody(R"({"a":1})").error);
  for (const char* body : {"", "{", "[]", "5", "null", "\"x\"", "{\"a\":NaN}", "{\"a\":1e999}",
                           "{\"a\":1,}", "{'a':1}", "{\"a\":\"\xff\"}", "{\"a\":1} x"}) {
    ASSERT_TRUE(ParseBody(body).error) << body;
    EXPECT_EQ(ParseBody(body).error->http_status, 400);
  }
}

TEST(ParseBody, NamesWhereJsonEnds) {
  const auto error_of = [](const char* body) { return *ParseBody(body).error; };
  EXPECT_EQ(error_of(R"({"prompt":"a","temperature":NaN})").param, "temperature");
  const ApiError large = error_of(R"({"top_p":1e400,"n":1})");
  EXPECT_EQ(large.param, "top_p");
  EXPECT_THAT(large.message, ::testing::HasSubstr("too large"));
  EXPECT_EQ(error_of("").param, "");
}

TEST(ParseBody, RefusesDeepNesting) {
  const auto nested = [](size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_FALSE(ParseBody(nested(20)).error);
  const auto error = ParseBody(nested(1'000'000)).error;
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, ::testing::HasSubstr("nested"));
}

// Either took hours at 16 MB, where time grew with the square of what stands side by side.
TEST(ParseBody, RefusesTooManyKeysAndObjects) {
  const auto keys = [](int count) {
    std::string body = "{\"a\":0";
    for (int i = 1; i < count; ++i) body += ",\"a" + std::to_string(i) + "\":0";
    return body + "}";
  };
  const auto objects = [](int count) {  // besides the outermost
    std::string body = "{\"a\":[{}";
    for (int i = 1; i < count; ++i) body += ",{}";
    return body + "]}";
  };
  EXPECT_FALSE(ParseBody(keys(256)).error);
  EXPECT_FALSE(ParseBody(objects(9'999)).error);
  for (const std::string& body : {keys(257), keys(1'000'000)}) {
    const auto error = ParseBody(body).error;
    ASSERT_TRUE(error);
    EXPECT_THAT(error->message, ::testing::HasSubstr("more keys than 256"));
  }
  for (const std::string& body : {objects(10'000), objects(1'000'000)}) {
    const auto error = ParseBody(body).error;
    ASSERT_TRUE(error);
    EXPECT_THAT(error->message, ::testing::HasSubstr("more objects than 10000"));
  }
}

TEST(RequestFields, KeepsDefaultsAndTheFirstError) {
  const Json json = Json::parse(R"({"a":null,"b":"x","c":-1,"d":7})");
  RequestFields fields(json, "outer.");
  int a = 5, b = 6, c = 7, d = 8;
  fields.Whole("a", 0, 9, &a);
  fields.Whole("missing", 0, 9, &a);
  EXPECT_EQ(a, 5);
  EXPECT_FALSE(fields.error());
  fields.Whole("b", 0, 9, &b);
  fields.Whole("c", 0, 9, &c);
  fields.Whole("d", 0, 9, &d);  // good, but too late
  EXPECT_EQ(b, 6);
  EXPECT_EQ(c, 7);
  EXPECT_EQ(d, 8);
  ASSERT_TRUE(fields.error());
  EXPECT_EQ(fields.error()->param, "outer.b");
  EXPECT_EQ(fields.error()->message, "outer.b is \"x\", wanted a whole number from 0 to 9");
}

TEST(RequestFields, ErrorsRepeatLittleOfALongValue) {
  const Json json = {{"a", std::string(1'000'000, 'x')}};
  RequestFields fields(json);
  bool value = false;
  fields.Bool("a", &value);
  ASSERT_TRUE(fields.error());
  EXPECT_LT(fields.error()->message.size(), 200u);
}

TEST(RequestFields, RefusesOnlyWhatWouldChangeTheAnswer) {
  const Json json = Json::parse(R"({"a":0,"b":0.0,"c":1})");
  RequestFields fields(json);
  fields.Refuse("a", {0});
  fields.Refuse("b", {0});
  fields.Refuse("missing", {});
  EXPECT_FALSE(fields.error());
  fields.Refuse("c", {0});
  ASSERT_TRUE(fields.error());
  EXPECT_EQ(fields.error()->code, "unsupported_parameter");
}

}  // namespace
}  // namespace dynsplit::server
