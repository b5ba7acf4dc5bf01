#include "apps/common/model_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/temp_file.h"
#include "support/tiny_model.h"

namespace dynsplit {
namespace {

using ::testing::HasSubstr;
using testing::TempFile;

constexpr int64_t kLayers = 2;
constexpr int64_t kKvHeads = 2;
constexpr int64_t kHeadDim = 16;

ModelSummary Summarise(const testing::GgufWriter& writer) {
  const TempFile file(writer.Build());
  const Result<ModelSummary> model = SummariseModel(file.path());
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return *model;
}

TEST(ModelSummaryTest, OfAModelThatRuns) {
  const ModelSummary model = Summarise(testing::TinyModel());
  EXPECT_TRUE(model.runs.ok()) << model.runs.ToString();
  EXPECT_EQ(model.architecture, "llama");
  EXPECT_EQ(model.layers, kLayers);
  EXPECT_EQ(model.heads, 4);
  EXPECT_EQ(model.key_dim, kHeadDim);
  EXPECT_EQ(model.value_dim, kHeadDim);
  EXPECT_EQ(model.context, 512);
  EXPECT_EQ(model.tokenizer, "gpt2");
  EXPECT_EQ(model.pre_tokenizer, "qwen2");
  EXPECT_EQ(model.chat_template, "chatml");
  ASSERT_EQ(model.types.size(), 1u);
  EXPECT_EQ(model.types[0].type, "f32");
  EXPECT_EQ(model.types[0].bytes, model.weight_bytes);
  EXPECT_EQ(model.weight_bytes, 4 * model.parameters);
  EXPECT_GT(model.file_bytes, model.weight_bytes);
}

TEST(ModelSummaryTest, KeysAndValues) {
  const ModelSummary model = Summarise(testing::TinyModel());
  const int64_t numbers = kLayers * kKvHeads * 2 * kHeadDim;  // of a token
  EXPECT_EQ(KvBytesPerToken(model, KvType::kF16), numbers * 2);
  EXPECT_EQ(KvBytes(model, {}, 0), 0);
  EXPECT_EQ(KvBytes(model, {}, 1), 64 * numbers * 2);  // whole pages
  EXPECT_EQ(KvBytes(model, {}, 65), 128 * numbers * 2);
  const KvTypes cold = {.hot = KvType::kF16, .cold = KvType::kQ4};
  EXPECT_EQ(KvBytes(model, cold, 128), KvBytes(model, {}, 128));  // all are hot
  EXPECT_EQ(*KvBytes(model, cold, 192) - *KvBytes(model, cold, 128),
            64 * *KvBytesPerToken(model, KvType::kQ4));
}

TEST(ModelSummaryTest, LayersWithAWindowNeedNoMoreThanIt) {
  ModelSummary model = Summarise(testing::TinyModel());
  const int64_t all = *KvBytes(model, {}, 6400);
  model.kv_layers[0].window = 640;
  EXPECT_EQ(KvBytes(model, {}, 6400), all / 2 + all / 20);
}

TEST(ModelSummaryTest, OfAnotherArchitecture) {
  testing::GgufWriter writer;
  writer.SetString("general.architecture", "bert");
  writer.SetU32("bert.block_count", 3);
  writer.SetU32("bert.embedding_length", 64);
  writer.SetU32("bert.attention.head_count", 4);
  writer.tensors().push_back({"w", 0, {2}, std::string(8, '\0'), {}});
  const ModelSummary model = Summarise(writer);
  EXPECT_EQ(model.runs.code(), StatusCode::kUnsupported);
  EXPECT_THAT(model.runs.message(), HasSubstr("'bert'"));
  EXPECT_EQ(model.layers, 3);
  EXPECT_EQ(model.key_dim, 16);
  EXPECT_EQ(KvBytesPerToken(model, KvType::kF16), 3 * 4 * 2 * 16 * 2);
  EXPECT_EQ(model.vocabulary, std::nullopt);
  EXPECT_EQ(model.parameters, 2);
}

TEST(ModelSummaryTest, WhatAFileDoesNotSayIsEmpty) {
  testing::GgufWriter writer;
  writer.SetString("general.architecture", "mamba");
  writer.SetU32("mamba.block_count", 3);
  writer.SetU32("mamba.attention.head_count", 0);
  writer.SetU32("mamba.ssm.state_size", 16);
  const ModelSummary model = Summarise(writer);
  EXPECT_FALSE(model.runs.ok());
  EXPECT_EQ(model.context, std::nullopt);
  EXPECT_EQ(KvBytesPerToken(model, KvType::kF16), std::nullopt);
  EXPECT_EQ(KvBytes(model, {}, 100), std::nullopt);
  EXPECT_EQ(model.chat_template, "");
  const ModelSummary nothing = Summarise(testing::GgufWriter());
  EXPECT_EQ(nothing.architecture, "");
  EXPECT_FALSE(nothing.runs.ok());
}

TEST(ModelSummaryTest, KeysOfWrongTypesCountAsMissing) {
  testing::GgufWriter writer = testing::TinyModel();
  writer.SetString("llama.block_count", "two");
  writer.SetF32("llama.attention.head_count", 2.0f);
  const ModelSummary model = Summarise(writer);
  EXPECT_EQ(model.layers, std::nullopt);
  EXPECT_EQ(model.heads, std::nullopt);
  EXPECT_THAT(model.runs.message(), HasSubstr("block_count"));
}

TEST(ModelSummaryTest, NonsenseGivesNoWrongSize) {
  testing::GgufWriter writer;
  writer.SetString("general.architecture", "odd");
  writer.SetU32("odd.block_count", 60000);
  writer.SetU32("odd.attention.key_length", 64);
  writer.SetU32("odd.attention.value_length", 64);
  writer.SetU32("odd.attention.head_count_kv", 4294967295u);
  EXPECT_EQ(KvBytes(Summarise(writer), {}, int64_t{1} << 32), std::nullopt);
  writer.SetI32("odd.attention.head_count_kv", -2);
  EXPECT_EQ(KvBytesPerToken(Summarise(writer), KvType::kF16), std::nullopt);
}

TEST(ModelSummaryTest, OfAnUnknownPreTokenizer) {
  testing::GgufWriter writer = testing::TinyModel();
  writer.SetString("tokenizer.ggml.pre", "martian");
  writer.SetString("tokenizer.chat_template", "{{ other }}");
  const ModelSummary model = Summarise(writer);
  EXPECT_THAT(model.runs.message(), HasSubstr("'martian'"));
  EXPECT_EQ(model.chat_template, "unknown");
}

TEST(ModelSummaryTest, NoGgufFile) {
  const TempFile file("no model");
  EXPECT_EQ(SummariseModel(file.path()).status().code(), StatusCode::kCorruption);
  EXPECT_EQ(SummariseModel("/no/such/file").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace dynsplit
