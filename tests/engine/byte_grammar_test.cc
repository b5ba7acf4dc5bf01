#include "engine/byte_grammar.h"

#include <gtest/gtest.h>

#include <array>

#include "engine/byte_automaton.h"

namespace dynsplit {
namespace {

bool Matches(const ByteGrammar& grammar, std::string_view text) {
  ByteAutomaton automaton(std::make_shared<const ByteGrammar>(grammar));
  ByteAutomaton::State state = automaton.start();
  for (const char c : text) {
    if (state == ByteAutomaton::kDead) return false;
    state = automaton.Next(state, static_cast<uint8_t>(c));
  }
  return state != ByteAutomaton::kDead && automaton.IsComplete(state);
}

TEST(ByteGrammarTest, PiecesStandBeforeWhatComesNext) {
  ByteGrammar grammar;
  grammar.set_start(grammar.Literal("ab", grammar.Bytes('0', '9', ByteGrammar::kEnd)));
  EXPECT_TRUE(Matches(grammar, "ab7"));
  for (const char* other : {"", "ab", "ab77", "abx", "a7"}) EXPECT_FALSE(Matches(grammar, other));
}

TEST(ByteGrammarTest, AnEmptyLiteralIsNothing) {
  ByteGrammar grammar;
  EXPECT_EQ(grammar.Literal("", ByteGrammar::kEnd), ByteGrammar::kEnd);
}

TEST(ByteGrammarTest, EitherIsAnyOfItsWays) {
  ByteGrammar grammar;
  grammar.set_start(
      grammar.Either(std::array{grammar.Literal("yes", ByteGrammar::kEnd),
                                grammar.Literal("yellow", ByteGrammar::kEnd), ByteGrammar::kEnd}));
  for (const char* text : {"", "yes", "yellow"}) EXPECT_TRUE(Matches(grammar, text)) << text;
  EXPECT_FALSE(Matches(grammar, "yell"));
}

TEST(ByteGrammarTest, RepeatsAreCounted) {
  for (int least = 0; least <= 3; ++least) {
    for (int most : {-1, least, least + 2}) {
      ByteGrammar grammar;
      const auto rule = grammar.Literal("ab", ByteGrammar::kEnd);
      grammar.set_start(grammar.Repeat(rule, least, most, grammar.Literal(".", ByteGrammar::kEnd)));
      std::string text;
      for (int i = 0; i < 8; ++i, text += "ab") {
        EXPECT_EQ(Matches(grammar, text + "."), i >= least && (most < 0 || i <= most))
            << least << " to " << most << ": " << text;
      }
    }
  }
}

TEST(ByteGrammarTest, RulesMayContainThemselves) {
  ByteGrammar grammar;  // n times (, n times )
  const auto rule = grammar.Open();
  grammar.AddWay(rule, ByteGrammar::kEnd);
  grammar.AddWay(rule,
                 grammar.Literal("(", grammar.Call(rule, grammar.Literal(")", ByteGrammar::kEnd))));
  grammar.set_start(rule);
  for (const char* text : {"", "()", "((()))"}) EXPECT_TRUE(Matches(grammar, text)) << text;
  for (const char* text : {"(", ")", "(()", "())", "()()"}) {
    EXPECT_FALSE(Matches(grammar, text)) << text;
  }
}

}  // namespace
}  // namespace dynsplit
