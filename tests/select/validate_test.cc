#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "dynsplit/method.h"

namespace dynsplit {
namespace {

using ::testing::HasSubstr;

// A change, and the key whose value it makes wrong.
struct Wrong {
  const char* key;
  std::function<void(Method&)> change;
};

TEST(ValidateTest, NamesTheKeyWhoseValueIsOutOfRange) {
  const Wrong wrongs[] = {
      {"block", [](Method& m) { m.split.block_tokens = 0; }},
      {"block", [](Method& m) { m.split.block_tokens = 257; }},
      {"range", [](Method& m) { m.split.search_range = 12; }},
      {"range", [](Method& m) { m.split.search_range = -1; }},
      {"lambda", [](Method& m) { m.split.distance_penalty = -0.1f; }},
      {"lambda", [](Method& m) { m.split.distance_penalty = std::nanf(""); }},
      {"alpha", [](Method& m) { m.split.alpha = std::numeric_limits<float>::infinity(); }},
      {"candidate", [](Method& m) { m.split.candidate = 1.01f; }},
      {"candidate", [](Method& m) { m.split.candidate = -0.01f; }},
      {"scatter", [](Method& m) { m.split.scatter = 1.01f; }},
      {"scatter", [](Method& m) { m.split.scatter = std::nanf(""); }},
      {"shrinkage", [](Method& m) { m.split.shrinkage = -1; }},
      {"max-block", [](Method& m) { m.split.max_block_tokens = 1025; }},
      {"vectors", [](Method& m) { m.vectors = 0; }},
      {"vectors", [](Method& m) { m.vectors = 9; }},
      {"vectors", [](Method& m) { m.summary = Summary::kMinMax; }},
      {"type",
       [](Method& m) {
         m.summary = Summary::kMinMax;
         m.vectors = 2;
         m.summary_type = SummaryType::kInt2;
       }},
      {"budget tokens", [](Method& m) { m.budget.tokens = -1; }},
      {"budget least tokens", [](Method& m) { m.budget.least_tokens = m.budget.tokens + 1; }},
      {"budget percent", [](Method& m) { m.budget.percent = 101; }},
      {"budget percent", [](Method& m) { m.budget.percent = std::nan(""); }},
      {"budget mass", [](Method& m) { m.budget.mass = 1.1; }},
      {"budget mass", [](Method& m) { m.budget.mass = std::nan(""); }},
      {"refine", [](Method& m) { m.refine = 0; }},
      {"refine", [](Method& m) { m.refine = 65; }},
      {"sink", [](Method& m) { m.sink = -1; }},
      {"recent", [](Method& m) { m.recent = 0; }},
      {"dense-heads: layer",
       [](Method& m) {
         m.dense_heads = {{0, 0}, {-1, 0}};
       }},
      {"dense-heads: layer",
       [](Method& m) {
         m.dense_heads = {{1024, 0}};
       }},
      {"dense-heads: KV head",
       [](Method& m) {
         m.dense_heads = {{0, 1024}};
       }},
      {"dense-layers", [](Method& m) { m.dense_layers = -1; }},
  };
  ASSERT_TRUE(ValidateMethod(Method()).ok());
  for (const Wrong& wrong : wrongs) {
    Method method;
    wrong.change(method);
    const Status status = ValidateMethod(method);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << wrong.key;
    EXPECT_THAT(status.message(), HasSubstr("method: " + std::string(wrong.key) + ": got "));
    EXPECT_THAT(status.message(), HasSubstr("wanted "));
  }
}

TEST(ValidateTest, WritesWholeNumbersInFullAndASingleValueAsOne) {
  Method method;
  method.sink = 2'000'000;
  EXPECT_EQ(ValidateMethod(method).message(), "method: sink: got 2000000, wanted 0..1048576");
  method = Method();
  method.split.candidate = 1.5f;
  EXPECT_EQ(ValidateMethod(method).message(), "method: candidate: got 1.5, wanted 0..1");
  method = Method();
  method.summary = Summary::kMinMax;
  EXPECT_EQ(ValidateMethod(method).message(), "method: vectors: got 4, wanted 2");
}

TEST(ValidateTest, LimitsThemselvesAreAllowed) {
  Method method;
  method.split.block_tokens = 1;
  method.split.search_range = 0;
  method.split.max_block_tokens = 1024;
  method.vectors = 8;
  method.sink = method.dense_layers = 0;
  method.recent = 1;
  method.split.candidate = method.split.scatter = 1;
  method.budget = {.tokens = 0, .percent = 100, .mass = 1};
  EXPECT_TRUE(ValidateMethod(method).ok()) << ValidateMethod(method).ToString();
}

TEST(ValidateTest, SearchRangeMattersToSearchesAlone) {
  Method method;
  method.split.block_tokens = 3;  // with search_range 3
  EXPECT_FALSE(ValidateMethod(method).ok());
  method.split.splitter = Splitter::kFixed;
  EXPECT_TRUE(ValidateMethod(method).ok());
}

}  // namespace
}  // namespace dynsplit
