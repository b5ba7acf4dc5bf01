#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dynsplit/method.h"

namespace dynsplit {
namespace {

using ::testing::HasSubstr;

TEST(DelimiterClassTest, NamesReadBack) {
  for (int i = 0; i < kNumDelimiterClasses; ++i) {
    const auto delimiter = static_cast<DelimiterClass>(i);
    const auto parsed = ParseDelimiterClass(DelimiterClassName(delimiter));
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, delimiter);
  }
  EXPECT_EQ(DelimiterClassName(DelimiterClass::kParagraph), "paragraph");
  EXPECT_EQ(DelimiterClassName(DelimiterClass::kTurn), "turn");
}

TEST(DelimiterClassTest, UnknownNameListsTheKnownOnes) {
  const auto parsed = ParseDelimiterClass("full-stop");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(parsed.status().message(), HasSubstr("\"full-stop\""));
  EXPECT_THAT(parsed.status().message(), HasSubstr("sentence, newline"));
}

TEST(PresetsTest, EveryNameGivesAValidMethodOfThatName) {
  for (const std::string& name : MethodPresetNames()) {
    if (name == "delimiter:<class>") continue;
    const Result<Method> method = MethodPreset(name);
    ASSERT_TRUE(method.ok()) << name;
    EXPECT_EQ(method->name, name);
    EXPECT_TRUE(ValidateMethod(*method).ok()) << ValidateMethod(*method).ToString();
  }
  EXPECT_THAT(MethodPresetNames(), ::testing::Contains("delimiter:<class>"));
  EXPECT_THAT(MethodPresetNames(), ::testing::SizeIs(17));
}

TEST(PresetsTest, AreTheSystemsOfTheirNames) {
  EXPECT_EQ(MethodPreset("full")->policy, Policy::kAll);
  EXPECT_EQ(MethodPreset("recent")->policy, Policy::kRecent);
  EXPECT_EQ(MethodPreset("random")->policy, Policy::kRandom);

  const Method fixed = *MethodPreset("fixed-mean");
  EXPECT_EQ(fixed.split.splitter, Splitter::kFixed);
  EXPECT_EQ(fixed.split.block_tokens, 16);
  EXPECT_EQ(fixed.summary, Summary::kMean);
  EXPECT_EQ(fixed.vectors, 1);
  EXPECT_EQ(fixed.policy, Policy::kTop);

  const Method rigid = *MethodPreset("fixed");
  EXPECT_EQ(rigid.split.splitter, Splitter::kFixed);
  EXPECT_EQ(rigid.split.block_tokens, 16);
  EXPECT_EQ(rigid.vectors, 4);
  EXPECT_EQ(rigid.summary_type, SummaryType::kInt8);
  EXPECT_EQ(rigid.refine, 1);

  const Method quest = *MethodPreset("quest");
  EXPECT_EQ(quest.split.splitter, Splitter::kFixed);
  EXPECT_EQ(quest.split.block_tokens, 16);
  EXPECT_EQ(quest.summary, Summary::kMinMax);
  EXPECT_EQ(quest.policy, Policy::kTop);

  const Method paper = *MethodPreset("dd-select");
  EXPECT_EQ(paper.split.splitter, Splitter::kDynamic);
  EXPECT_EQ(paper.split.search, Search::kGreedy);
  EXPECT_EQ(paper.split.block_tokens, fixed.split.block_tokens);
  EXPECT_EQ(paper.vectors, fixed.vectors);
  EXPECT_EQ(paper.refine, 1);

  const Method sentence = *MethodPreset("sentence");
  EXPECT_EQ(sentence.split.splitter, Splitter::kDelimiter);
  EXPECT_EQ(sentence.split.delimiter, DelimiterClass::kSentence);
  EXPECT_EQ(sentence.vectors, 1);
  EXPECT_EQ(sentence.policy, Policy::kTop);

  const Method oracle = *MethodPreset("oracle");
  EXPECT_EQ(oracle.split.splitter, Splitter::kFixed);
  EXPECT_EQ(oracle.policy, Policy::kOracle);
  EXPECT_EQ(oracle.block_score, BlockScore::kDensity);

  for (const auto& [name, policy] : {std::pair{"snapkv", Policy::kSnapKv}, {"h2o", Policy::kH2o}}) {
    const Method method = *MethodPreset(name);
    EXPECT_EQ(method.policy, policy);
    EXPECT_EQ(method.split.splitter, Splitter::kFixed);
    EXPECT_EQ(method.split.block_tokens, 1);
  }

  const Method dynsplit = *MethodPreset("dynsplit");
  EXPECT_EQ(dynsplit.split.splitter, Splitter::kDynamic);
  EXPECT_EQ(dynsplit.split.search, Search::kOptimal);
  EXPECT_EQ(dynsplit.split.reading, Reading::kForward);
  EXPECT_EQ(dynsplit.split.block_tokens, 5);
  EXPECT_EQ(dynsplit.split.search_range, 4);
  EXPECT_EQ(dynsplit.vectors, 4);
  EXPECT_EQ(dynsplit.refine, 4);
  EXPECT_EQ(dynsplit.policy, Policy::kTop);

  for (const auto& [name, splitter] : {std::pair{"fixed-cuts", Splitter::kFixed},
                                       {"any-delimiter", Splitter::kUniform},
                                       {"random-cuts", Splitter::kRandom},
                                       {"scatter", Splitter::kDynamic}}) {
    const Method control = *MethodPreset(name);
    EXPECT_EQ(control.split.splitter, splitter);
    EXPECT_EQ(control.split.scatter, std::string_view(name) == "scatter" ? 1 : 0);
    EXPECT_EQ(control.split.search, dynsplit.split.search);
    EXPECT_EQ(control.split.block_tokens, dynsplit.split.block_tokens);
    EXPECT_EQ(control.vectors, dynsplit.vectors);
    EXPECT_EQ(control.policy, dynsplit.policy);
  }
  EXPECT_EQ(dynsplit.summary_type, SummaryType::kInt2);
  EXPECT_EQ(dynsplit.pick, Pick::kTokens);
  EXPECT_EQ(dynsplit.pooling, Pooling::kMeanSoftmax);
  EXPECT_EQ(dynsplit.block_score, BlockScore::kDensity);

  // What was published before reads f16 summaries once.
  for (const char* name : {"fixed-mean", "quest", "sentence", "delimiter:comma"}) {
    const Method published = *MethodPreset(name);
    EXPECT_EQ(published.summary_type, SummaryType::kF16) << name;
    EXPECT_EQ(published.block_score, BlockScore::kMax) << name;
    EXPECT_EQ(published.refine, 1) << name;
  }
}

TEST(PresetsTest, OneDelimiterTakesAClass) {
  const Result<Method> method = MethodPreset("delimiter:newline");
  ASSERT_TRUE(method.ok());
  EXPECT_EQ(method->name, "delimiter:newline");
  EXPECT_EQ(method->split.splitter, Splitter::kDelimiter);
  EXPECT_EQ(method->split.delimiter, DelimiterClass::kNewline);
  EXPECT_TRUE(ValidateMethod(*method).ok());
  EXPECT_EQ(MethodPreset("delimiter:").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(MethodPreset("delimiter:x").status().message(), HasSubstr("paragraph"));
}

TEST(PresetsTest, UnknownNameListsTheKnownOnes) {
  const Result<Method> method = MethodPreset("fulll");
  ASSERT_FALSE(method.ok());
  EXPECT_EQ(method.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(method.status().message(), HasSubstr("\"fulll\""));
  EXPECT_THAT(method.status().message(), HasSubstr("full, recent, fixed-mean"));
}

}  // namespace
}  // namespace dynsplit
