#include "apps/common/json.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

// The problem that reading `key` of `object` as a count below `end` finds.
std::string CountProblem(const char* object, int end) {
  const Json json = Json::parse(object);
  JsonFields fields(json);
  int value = -1;
  fields.Count("n", end, &value);
  EXPECT_EQ(fields.problem().empty(), value >= 0) << object;
  return fields.problem();
}

TEST(JsonTest, WhatIsNotUtf8IsWrittenAsAReplacement) {
  EXPECT_EQ(DumpJson(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

TEST(JsonFieldsTest, CountsAreWholeNumbersInTheirRange) {
  EXPECT_EQ(CountProblem(R"({"n": 0})", 28), "");
  EXPECT_EQ(CountProblem(R"({"n": 27})", 28), "");
  for (const char* wrong :
       {R"({"n": 28})", R"({"n": -1})", R"({"n": 7.0})", R"({"n": true})", R"({"n": "7"})",
        R"({"n": 4294967303})", R"({"n": 18446744073709551615})"}) {
    EXPECT_NE(CountProblem(wrong, 28).find("wanted a whole number from 0 to 27"), std::string::npos)
        << wrong;
  }
  EXPECT_EQ(CountProblem("{}", 28), "no n");
  EXPECT_EQ(CountProblem("[]", 28), "not a JSON object");
}

TEST(JsonFieldsTest, OnlyTheFirstProblemIsTold) {
  const Json json = Json::parse(R"({"a": 1, "b": {}, "c": "text"})");
  JsonFields fields(json);
  std::string text = "before";
  EXPECT_TRUE(fields.List("b").empty());
  fields.Text("c", &text);
  fields.Fail("too late");
  EXPECT_EQ(fields.problem(), "b is object, wanted a list");
  EXPECT_EQ(text, "before");
}

}  // namespace
}  // namespace dynsplit
