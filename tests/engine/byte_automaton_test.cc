#include "engine/byte_automaton.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace dynsplit {
namespace {

using State = ByteAutomaton::State;

// Brackets within one another: rule = "" | "[" rule "]".
std::shared_ptr<const ByteGrammar> Brackets() {
  auto grammar = std::make_shared<ByteGrammar>();
  const auto rule = grammar->Open();
  grammar->AddWay(rule, ByteGrammar::kEnd);
  grammar->AddWay(
      rule, grammar->Literal("[", grammar->Call(rule, grammar->Literal("]", ByteGrammar::kEnd))));
  grammar->set_start(rule);
  return grammar;
}

State Read(ByteAutomaton* automaton, State state, const std::string& text) {
  for (const char c : text) {
    if (state != ByteAutomaton::kDead) state = automaton->Next(state, static_cast<uint8_t>(c));
  }
  return state;
}

TEST(ByteAutomatonTest, TheSamePlacesAreOneState) {
  auto grammar = std::make_shared<ByteGrammar>();
  const auto letter = grammar->Bytes('a', 'z', ByteGrammar::kEnd);
  grammar->set_start(grammar->Repeat(letter, 0, -1, ByteGrammar::kEnd));
  ByteAutomaton automaton(grammar);
  const State one = Read(&automaton, automaton.start(), "a");
  EXPECT_EQ(Read(&automaton, one, "bcdefgh"), one);
  EXPECT_LE(automaton.num_states(), 2u);
  EXPECT_EQ(Read(&automaton, one, "A"), ByteAutomaton::kDead);
}

TEST(ByteAutomatonTest, ReadsOnAfterAllElseIsForgotten) {
  ByteAutomaton automaton(Brackets());
  State state = Read(&automaton, automaton.start(), "[[[[]");
  const size_t before = automaton.num_states();
  state = automaton.KeepOnly(state);
  EXPECT_LT(automaton.num_states(), before);
  EXPECT_FALSE(automaton.IsComplete(state));
  EXPECT_EQ(Read(&automaton, state, "]]]]"), ByteAutomaton::kDead);
  EXPECT_TRUE(automaton.IsComplete(Read(&automaton, state, "]]]")));
  EXPECT_TRUE(automaton.IsComplete(Read(&automaton, automaton.start(), "[]")));
}

TEST(ByteAutomatonTest, CallsAreBounded) {
  ByteAutomaton automaton(Brackets());
  const std::string deepest(ByteAutomaton::kMaxCalls, '[');
  const State state = Read(&automaton, automaton.start(), deepest);
  ASSERT_NE(state, ByteAutomaton::kDead);
  EXPECT_EQ(Read(&automaton, state, "[["), ByteAutomaton::kDead);
}

TEST(ByteAutomatonTest, ACallThatComesLastNeedsNoRoom) {
  auto grammar = std::make_shared<ByteGrammar>();  // any number of a, by a rule that ends in itself
  const auto rule = grammar->Open();
  grammar->AddWay(rule, ByteGrammar::kEnd);
  grammar->AddWay(rule, grammar->Literal("a", grammar->Call(rule, ByteGrammar::kEnd)));
  grammar->set_start(rule);
  ByteAutomaton automaton(grammar);
  EXPECT_TRUE(automaton.IsComplete(Read(&automaton, automaton.start(), std::string(1000, 'a'))));
  EXPECT_LE(automaton.num_states(), 2u);
}

TEST(ByteAutomatonTest, BytesThatAreReadAlikeCostOneStep) {
  auto grammar = std::make_shared<ByteGrammar>();
  grammar->set_start(grammar->Bytes('a', 'z', grammar->Bytes('0', '9', ByteGrammar::kEnd)));
  ByteAutomaton automaton(grammar);
  const State one = Read(&automaton, automaton.start(), "m");
  const int64_t work = automaton.work();
  for (char c = 'a'; c <= 'z'; ++c) EXPECT_EQ(Read(&automaton, automaton.start(), {c}), one);
  EXPECT_EQ(automaton.work(), work);
  EXPECT_EQ(Read(&automaton, automaton.start(), "A"), ByteAutomaton::kDead);
  EXPECT_EQ(Read(&automaton, automaton.start(), "{"), ByteAutomaton::kDead);
  EXPECT_EQ(Read(&automaton, one, "a"), ByteAutomaton::kDead);
}

TEST(ByteAutomatonTest, MorePlacesThanThereMayBeAreNotAllowed) {
  auto grammar = std::make_shared<ByteGrammar>();
  std::vector<ByteGrammar::Node> ways;
  for (size_t i = 0; i <= ByteAutomaton::kMaxPlaces; ++i) {
    ways.push_back(grammar->Call(grammar->Literal("b", ByteGrammar::kEnd), ByteGrammar::kEnd));
  }
  const auto many = grammar->Either(ways);
  grammar->set_start(
      grammar->Either(std::array{grammar->Literal("c", ByteGrammar::kEnd),
                                 grammar->Literal("a", grammar->Call(many, ByteGrammar::kEnd))}));
  ByteAutomaton automaton(grammar);
  EXPECT_TRUE(automaton.IsComplete(Read(&automaton, automaton.start(), "c")));
  EXPECT_FALSE(automaton.overflowed());
  EXPECT_EQ(Read(&automaton, automaton.start(), "a"), ByteAutomaton::kDead);
  EXPECT_TRUE(automaton.overflowed());
}

TEST(ByteAutomatonTest, ARuleThatIsOnlyItselfHasNoText) {
  auto grammar = std::make_shared<ByteGrammar>();
  const auto rule = grammar->Open();
  grammar->AddWay(rule, grammar->Call(rule, ByteGrammar::kEnd));
  grammar->AddWay(rule, grammar->Call(rule, grammar->Literal("a", ByteGrammar::kEnd)));
  grammar->set_start(rule);
  EXPECT_EQ(ByteAutomaton(grammar).start(), ByteAutomaton::kDead);
}

}  // namespace
}  // namespace dynsplit
