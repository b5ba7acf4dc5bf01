#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "dynsplit/method.h"

namespace dynsplit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A value that no preset has, and whether a method has it.
struct Example {
  std::string value;
  bool (*holds)(const Method& method);
};

const std::map<std::string, Example, std::less<>> kExamples = {
    {"budget", {"3%", [](const Method& m) { return m.budget.percent == 3; }}},
    {"block", {"21", [](const Method& m) { return m.split.block_tokens == 21; }}},
    {"range", {"2", [](const Method& m) { return m.split.search_range == 2; }}},
    {"lambda", {"0.25", [](const Method& m) { return m.split.distance_penalty == 0.25f; }}},
    {"search", {"greedy", [](const Method& m) { return m.split.search == Search::kGreedy; }}},
    {"reading",
     {"retained", [](const Method& m) { return m.split.reading == Reading::kRetained; }}},
    {"alpha", {"0.5", [](const Method& m) { return m.split.alpha == 0.5f; }}},
    {"shrinkage", {"9.5", [](const Method& m) { return m.split.shrinkage == 9.5f; }}},
    {"candidate", {"0.375", [](const Method& m) { return m.split.candidate == 0.375f; }}},
    {"scatter", {"0.125", [](const Method& m) { return m.split.scatter == 0.125f; }}},
    {"max-block", {"77", [](const Method& m) { return m.split.max_block_tokens == 77; }}},
    {"seed", {"18446744073709551615", [](const Method& m) { return m.split.seed == ~0ULL; }}},
    {"summary", {"minmax", [](const Method& m) { return m.summary == Summary::kMinMax; }}},
    {"vectors", {"5", [](const Method& m) { return m.vectors == 5; }}},
    {"type", {"f16", [](const Method& m) { return m.summary_type == SummaryType::kF16; }}},
    {"policy", {"oracle", [](const Method& m) { return m.policy == Policy::kOracle; }}},
    {"pooling", {"score", [](const Method& m) { return m.pooling == Pooling::kMeanScore; }}},
    {"score", {"mass", [](const Method& m) { return m.block_score == BlockScore::kMass; }}},
    {"refine", {"3", [](const Method& m) { return m.refine == 3; }}},
    {"pick", {"blocks", [](const Method& m) { return m.pick == Pick::kBlocks; }}},
    {"survey", {"7", [](const Method& m) { return m.survey == 7; }}},
    {"reuse", {"7", [](const Method& m) { return m.reuse == 7; }}},
    {"cosine", {"0.5", [](const Method& m) { return m.cosine == 0.5; }}},
    {"sink", {"0", [](const Method& m) { return m.sink == 0; }}},
    {"recent", {"65", [](const Method& m) { return m.recent == 65; }}},
    {"dense-heads",
     {"7.0:12.3",
      [](const Method& m) {
        return m.dense_heads == std::vector<LayerHead>{{7, 0}, {12, 3}};
      }}},
    {"dense-layers", {"3", [](const Method& m) { return m.dense_layers == 3; }}},
};

TEST(MethodSpecTest, EveryKeySetsWhatItSays) {
  std::string all = "dynsplit";
  for (const MethodKey& key : MethodKeys()) {
    const auto example = kExamples.find(key.name);
    ASSERT_NE(example, kExamples.end()) << key.name;
    EXPECT_FALSE(key.help.empty());
    const std::string part = "+" + example->first + "=" + example->second.value;
    EXPECT_FALSE(example->second.holds(*ParseMethod("dynsplit"))) << part;
    const Result<Method> method = ParseMethod("dynsplit" + part);
    ASSERT_TRUE(method.ok()) << method.status().ToString();
    EXPECT_TRUE(example->second.holds(*method)) << part;
    EXPECT_EQ(method->name, "dynsplit" + part);
    if (key.name != "vectors") all += part;  // minmax has two of its own
  }
  EXPECT_EQ(MethodKeys().size(), kExamples.size());
  const Result<Method> method = ParseMethod(all);
  ASSERT_TRUE(method.ok()) << method.status().ToString();
  const Result<Method> again = ParseMethod(method->name);
  for (const auto& [name, example] : kExamples) {
    EXPECT_EQ(example.holds(*again), name != "vectors") << name;
  }
}

TEST(MethodSpecTest, EveryWordOfAKeyIsTaken) {
  for (const MethodKey& key : MethodKeys()) {
    if (!key.values.starts_with(key.values.substr(0, 1)) || key.values[0] < 'a') continue;
    std::string_view words = key.values;
    while (!words.empty()) {
      const size_t end = std::min(words.find('|'), words.size());
      const std::string spec =
          "dynsplit+" + std::string(key.name) + "=" + std::string(words.substr(0, end));
      EXPECT_TRUE(ParseMethod(spec).ok()) << spec;
      words.remove_prefix(std::min(end + 1, words.size()));
    }
  }
}

TEST(MethodSpecTest, APresetAloneIsASpec) {
  for (const std::string& name : MethodPresetNames()) {
    if (name == "delimiter:<class>") continue;
    const Result<Method> method = ParseMethod(name);
    ASSERT_TRUE(method.ok()) << name;
    EXPECT_EQ(method->name, name);
  }
  const Method method = *ParseMethod("delimiter:comma+max-block=20");
  EXPECT_EQ(method.split.delimiter, DelimiterClass::kComma);
  EXPECT_EQ(method.split.max_block_tokens, 20);
}

TEST(MethodSpecTest, TheRestIsThePresets) {
  const Method method = *ParseMethod("fixed+block=16+vectors=4");
  EXPECT_EQ(method.split.splitter, Splitter::kFixed);
  EXPECT_EQ(method.split.block_tokens, 16);
  EXPECT_EQ(method.vectors, 4);
  EXPECT_EQ(method.recent, MethodPreset("fixed")->recent);
  EXPECT_EQ(ParseMethod("quest+block=8+block=32")->split.block_tokens, 32);  // the last counts
}

TEST(MethodSpecTest, WhatASwitchLeavesNoRoomForFollowsIt) {
  EXPECT_EQ(ParseMethod("dynsplit+block=3")->split.search_range, 2);
  EXPECT_EQ(ParseMethod("dynsplit+block=64")->split.search_range, 4);
  EXPECT_FALSE(ParseMethod("dynsplit+block=4+range=4").ok());
  EXPECT_EQ(ParseMethod("dynsplit+summary=minmax")->vectors, 2);
  EXPECT_EQ(ParseMethod("dynsplit+summary=minmax")->summary_type, SummaryType::kInt8);
  EXPECT_FALSE(ParseMethod("dynsplit+summary=minmax+type=int2").ok());
  EXPECT_EQ(ParseMethod("quest+summary=minmax")->summary_type, SummaryType::kF16);  // no switch
  EXPECT_EQ(ParseMethod("fixed-mean+summary=mean")->vectors, 1);
  EXPECT_EQ(ParseMethod("quest+summary=mean")->vectors, Method().vectors);
  EXPECT_EQ(ParseMethod("quest+summary=mean+vectors=1")->vectors, 1);
  EXPECT_TRUE(ParseMethod("dynsplit+dense-layers=3")->dense_heads->empty());
  EXPECT_EQ(ParseMethod("dynsplit+dense-layers=3+dense-heads=1.1")->dense_heads->size(), 1u);
}

TEST(MethodSpecTest, DenseHeadsAreNamedOrTheProfilesOrNone) {
  EXPECT_FALSE(ParseMethod("dynsplit")->dense_heads.has_value());
  EXPECT_FALSE(ParseMethod("quest+dense-heads=profile")->dense_heads.has_value());
  EXPECT_TRUE(ParseMethod("quest")->dense_heads->empty());
  EXPECT_TRUE(ParseMethod("dynsplit+dense-heads=none")->dense_heads->empty());
  EXPECT_EQ(FormatLayerHeads(*ParseMethod("dynsplit+dense-heads=7.0:12.3")->dense_heads),
            "7.0:12.3");
  EXPECT_EQ(FormatLayerHeads({}), "none");
  for (const char* wrong : {"", "7", "7.", ".0", "7.0:", ":7.0", "7.0,8.0", "7.0.1", "a.b"}) {
    EXPECT_FALSE(ParseMethod("dynsplit+dense-heads=" + std::string(wrong)).ok()) << wrong;
  }
}

TEST(MethodSpecTest, UnknownKeysAndPresetsListTheKnownOnes) {
  EXPECT_EQ(ParseMethod("magic+block=8").status().code(), StatusCode::kNotFound);
  for (const char* spec : {"dynsplit+blok=8", "dynsplit+", "dynsplit++block=8", "dynsplit+=8"}) {
    const Status status = ParseMethod(spec).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << spec;
    EXPECT_THAT(status.message(), HasSubstr("wanted one of budget, block, range")) << spec;
  }
  EXPECT_THAT(ParseMethod("dynsplit+blok=8").status().message(), HasSubstr("got \"blok\""));
}

TEST(MethodSpecTest, BadValuesSayKeyGotAndWanted) {
  for (const char* part :
       {"block=", "block", "block=x", "block=8x", "block=8.5", "block= 8", "block=99999999999",
        "alpha=x", "search=quick", "search=", "search=greedy|optimal", "budget=much", "seed=-1"}) {
    const Status status = ParseMethod("dynsplit+" + std::string(part)).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << part;
    EXPECT_THAT(status.message(), HasSubstr("got \"")) << part;
  }
  EXPECT_EQ(ParseMethod("dynsplit+search=quick").status().message(),
            "method: search: got \"quick\", wanted greedy|optimal");
  EXPECT_THAT(ParseMethod("dynsplit+budget=8%@1.5").status().message(),
              AllOf(StartsWith("method: budget: got \"8%@1.5\", wanted 0.."),
                    HasSubstr("share of the mass, above 0 and at most 1")));
  EXPECT_THAT(ParseMethod("dynsplit+vectors=9").status().message(), HasSubstr("wanted 1..8"));
  EXPECT_FALSE(ParseMethod("dynsplit+scatter=nan").ok());
}

}  // namespace
}  // namespace dynsplit
