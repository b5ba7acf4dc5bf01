#include "dynsplit/model.h"

#include <gmock/gmock.h>

#include "support/temp_file.h"
#include "support/tiny_model.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

TEST(ModelTest, DescribesWhatTheFileHolds) {
  const TempFile file(TinyModel({.architecture = "qwen2", .num_layers = 3}).Build());
  auto model = Model::Load(file.path());
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  const ModelDescription& description = (*model)->description();
  EXPECT_EQ(description.architecture, "qwen2");
  EXPECT_EQ(description.num_layers, 3);
  EXPECT_EQ(description.num_heads, 4);
  EXPECT_EQ(description.num_kv_heads, 2);
  EXPECT_EQ(description.head_dim, 16);
  EXPECT_EQ(description.context_length, 512);
  EXPECT_EQ(description.vocab_size, (*model)->tokenizer().size());
  // Keys and values, two bytes each.
  EXPECT_EQ(description.KvBytesPerToken(), 2 * 2 * 3 * 2 * 16);
  ASSERT_TRUE((*model)->chat_template().ok());
  EXPECT_EQ((*model)->chat_template()->name(), "chatml");
}

TEST(ModelTest, LoadsWithoutAKnownChatTemplate) {
  GgufWriter writer = TinyModel();
  writer.SetString("tokenizer.chat_template", "{{ something else }}");
  const TempFile file(writer.Build());
  auto model = Model::Load(file.path());
  ASSERT_TRUE(model.ok());
  ASSERT_FALSE((*model)->chat_template().ok());
  EXPECT_THAT((*model)->chat_template().status().message(), HasSubstr("--raw"));
}

TEST(ModelTest, SaysWhichFileHasAWrongVocabulary) {
  GgufWriter writer = TinyModel();
  writer.SetString("tokenizer.ggml.pre", "of another world");
  const TempFile file(writer.Build());
  auto model = Model::Load(file.path());
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(model.status().message(), HasSubstr(file.path()));
  EXPECT_THAT(model.status().message(), HasSubstr("of another world"));
}

}  // namespace
}  // namespace dynsplit::testing
