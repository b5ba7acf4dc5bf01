#include "apps/server/json_grammar.h"

#include <gtest/gtest.h>

#include "server/grammar_match.h"

namespace dynsplit::testing {
namespace {

using server::JsonGrammar;

template <typename MakeRule>
bool Matches(MakeRule make, const std::string& text) {
  auto grammar = std::make_shared<ByteGrammar>();
  JsonGrammar pieces(grammar.get());
  grammar->set_start(make(&pieces));
  return MatchesGrammar(grammar, text);
}

TEST(JsonGrammarTest, Values) {
  const auto value = [](JsonGrammar* json) { return json->any_value(); };
  for (const char* text :
       {"{}", "[]", "null", "true", "-0", "12", "1.5e-3", R"("a")", R"("é\n\u00e9€😀\"")",
        R"({"a": [1, 2,3], "b":{"c": null}})", "{\n  \"a\": 1\n}", "[[[[]]], \"x\"]"}) {
    EXPECT_TRUE(Matches(value, text)) << text;
    EXPECT_TRUE(Json::accept(text)) << text;
  }
  for (const char* text : {"",
                           " 1",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "nul",
                           "\"a",
                           "\"\n\"",
                           "\"\\x\"",
                           "\"\\ud800\"",
                           "[1,]",
                           "{\"a\"}",
                           "{a:1}",
                           "\"\xff\"",
                           "\"\xc0\x80\"",
                           "\"\xed\xa0\x80\"",
                           "1234567890123456789",
                           "[1  ]",
                           "{\"a\":1,}"}) {
    EXPECT_FALSE(Matches(value, text)) << text;
  }
}

TEST(JsonGrammarTest, StringsHaveAsManyCharacters) {
  const auto rule = [](JsonGrammar* json) { return json->String(1, 2); };
  EXPECT_FALSE(Matches(rule, R"("")"));
  EXPECT_TRUE(Matches(rule, R"("€")"));
  EXPECT_TRUE(Matches(rule, R"("\n😀")"));
  EXPECT_FALSE(Matches(rule, R"("abc")"));
}

TEST(JsonGrammarTest, OptionalMembersMayBeLeftOut) {
  const auto rule = [](JsonGrammar* json) {
    return json->Object({{.name = "a", .value = json->integer(), .required = false},
                         {.name = "b", .value = json->boolean(), .required = true},
                         {.name = "c", .value = json->null(), .required = false}});
  };
  for (const char* text : {R"({"a":1,"b":true,"c":null})", R"({"b":true})",
                           R"({"a": 1, "b": true})", R"({"b":false,"c":null})"}) {
    EXPECT_TRUE(Matches(rule, text)) << text;
  }
  for (const char* text : {"{}", R"({"a":1})", R"({"b":true,"a":1})", R"({,"b":true})",
                           R"({"b":true,})", R"({"b":true,"b":true})"}) {
    EXPECT_FALSE(Matches(rule, text)) << text;
  }
}

TEST(JsonGrammarTest, ArraysHaveAsManyElements) {
  for (const int most : {-1, 2, 3}) {
    const auto rule = [&](JsonGrammar* json) {
      return json->Array({json->null()}, json->integer(), 1, most);
    };
    EXPECT_FALSE(Matches(rule, "[]"));
    EXPECT_TRUE(Matches(rule, "[null]"));
    EXPECT_TRUE(Matches(rule, "[null, 1]"));
    EXPECT_FALSE(Matches(rule, "[1]"));
    EXPECT_EQ(Matches(rule, "[null,1,2]"), most != 2);
    EXPECT_EQ(Matches(rule, "[null,1,2,3]"), most == -1);
  }
}

TEST(JsonGrammarTest, ConstantsThatBeginAlike) {
  const auto rule = [](JsonGrammar* json) {
    return json->Constants(std::vector<Json>{1, 12, 123, "ab", "abc", "b", 12, nullptr});
  };
  for (const char* text : {"1", "12", "123", R"("ab")", R"("abc")", R"("b")", "null"}) {
    EXPECT_TRUE(Matches(rule, text)) << text;
  }
  for (const char* text : {"", "2", "1234", "13", R"("a")", R"("abcd")", R"("ab)", "nul"}) {
    EXPECT_FALSE(Matches(rule, text)) << text;
  }
}

TEST(JsonGrammarTest, Formats) {
  const auto rule = [](const char* name) {
    return [name](JsonGrammar* json) { return json->Format(name); };
  };
  EXPECT_TRUE(Matches(rule("date"), R"("2024-02-29")"));
  EXPECT_FALSE(Matches(rule("date"), R"("2024-13-01")"));
  EXPECT_TRUE(Matches(rule("time"), R"("23:59:59Z")"));
  EXPECT_TRUE(Matches(rule("date-time"), R"("2024-02-29T00:00:00+01:30")"));
  EXPECT_FALSE(Matches(rule("date-time"), R"("2024-02-29 00:00:00Z")"));
  EXPECT_TRUE(Matches(rule("uuid"), R"("123e4567-e89b-12d3-A456-426614174000")"));
  EXPECT_FALSE(Matches(rule("uuid"), R"("123e4567e89b12d3a456426614174000")"));
  ByteGrammar grammar;
  EXPECT_EQ(JsonGrammar(&grammar).Format("email"), ByteGrammar::kNone);
}

}  // namespace
}  // namespace dynsplit::testing
