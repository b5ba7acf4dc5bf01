#include "engine/grammar_constraint.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "support/tiny_vocabulary.h"

namespace dynsplit::testing {
namespace {

constexpr int32_t kEndToken = 264;

class GrammarConstraintTest : public ::testing::Test {
 protected:
  // Of "hello", or any number of digits.
  GrammarConstraint Make() {
    auto grammar = std::make_shared<ByteGrammar>();
    const auto digit = grammar->Bytes('0', '9', ByteGrammar::kEnd);
    grammar->set_start(
        grammar->Either(std::array{grammar->Literal("hello", ByteGrammar::kEnd),
                                   grammar->Repeat(digit, 1, -1, ByteGrammar::kEnd)}));
    return {grammar, std::make_shared<const TokenTrie>(*tokenizer_)};
  }

  std::set<std::string> Allowed(GrammarConstraint* constraint) {
    std::vector<float> logits(static_cast<size_t>(tokenizer_->size()), 1.0f);
    const bool any = constraint->Mask(logits);
    std::set<std::string> allowed;
    for (int32_t id = 0; id < tokenizer_->size(); ++id) {
      if (!std::isfinite(logits[static_cast<size_t>(id)])) continue;
      allowed.insert(id == kEndToken ? "end" : std::string(tokenizer_->TokenBytes(id)));
    }
    EXPECT_EQ(any, !allowed.empty());
    return allowed;
  }

  std::shared_ptr<const Tokenizer> tokenizer_ = *Tokenizer::Create(TinyBpe());
};

TEST_F(GrammarConstraintTest, TokensOfSeveralBytesAreAllowedWhole) {
  GrammarConstraint constraint = Make();
  const std::set<std::string> digits = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "12"};
  std::set<std::string> first = digits;
  first.insert({"h", "he", "hell", "hello"});
  EXPECT_EQ(Allowed(&constraint), first);
  EXPECT_FALSE(constraint.complete());
  constraint.Accept("12");
  std::set<std::string> later = digits;
  later.insert("end");
  EXPECT_EQ(Allowed(&constraint), later);
  EXPECT_TRUE(constraint.complete());
}

TEST_F(GrammarConstraintTest, OnlyTheEndFollowsAWholeText) {
  GrammarConstraint constraint = Make();
  constraint.Accept("hell");
  EXPECT_EQ(Allowed(&constraint), std::set<std::string>{"o"});
  constraint.Accept("o");
  EXPECT_EQ(Allowed(&constraint), std::set<std::string>{"end"});
}

TEST_F(GrammarConstraintTest, NothingFollowsWhatCouldNotCome) {
  GrammarConstraint constraint = Make();
  constraint.Accept("help!");
  EXPECT_EQ(Allowed(&constraint), std::set<std::string>{});
  EXPECT_FALSE(constraint.complete());
}

TEST_F(GrammarConstraintTest, WhatWouldTakeTooLongToFindCannotCome) {
  auto grammar = std::make_shared<ByteGrammar>();
  std::vector<ByteGrammar::Node> ways;
  for (int i = 0; i < 100; ++i) {
    std::vector<ByteGrammar::Node> bytes;
    for (int byte = 1; byte < 256; ++byte) {
      const auto one = static_cast<uint8_t>(byte);
      bytes.push_back(grammar->Bytes(one, one, grammar->Literal("x", ByteGrammar::kEnd)));
    }
    ways.push_back(grammar->Call(grammar->Either(bytes), ByteGrammar::kEnd));
  }
  grammar->set_start(grammar->Either(ways));
  GrammarConstraint constraint(grammar, std::make_shared<const TokenTrie>(*tokenizer_));
  EXPECT_EQ(Allowed(&constraint), std::set<std::string>{});
  EXPECT_FALSE(constraint.complete());
}

TEST_F(GrammarConstraintTest, ImpossibleLogitsStayImpossible) {
  GrammarConstraint constraint = Make();
  constraint.Accept("hello");
  std::vector<float> logits(static_cast<size_t>(tokenizer_->size()), 1.0f);
  logits[kEndToken] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(constraint.Mask(logits));
}

}  // namespace
}  // namespace dynsplit::testing
