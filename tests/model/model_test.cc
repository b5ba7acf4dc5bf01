#include "dynsplit/model.h"

#include <gmock/gmock.h>

#include "model/model_impl.h"
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

TEST(ModelTest, RefusesByNameBeforeItLooksAtTheWeights) {
  GgufWriter writer = TinyModel();
  writer.RemoveTensor("blk.0.attn_q.weight");
  const auto refusal = [&] {
    const TempFile file(writer.Build());
    return Model::Load(file.path()).status().message();
  };
  EXPECT_THAT(refusal(), HasSubstr("tensor 'blk.0.attn_q.weight' is missing"));
  writer.SetString("tokenizer.ggml.pre", "of another world");
  EXPECT_THAT(refusal(), HasSubstr("of another world"));
  writer.SetString("general.architecture", "mamba");
  EXPECT_THAT(refusal(), HasSubstr("'mamba' (a recurrent model)"));
}

TEST(ModelTest, StretchingAsTheCallerWants) {
  const TempFile file(TinyModel().Build());
  const auto own = Model::Load(file.path()).value();
  const auto yarn =
      Model::Load(file.path(), {.rope = {.scaling = RopeScaling::kYarn, .factor = 4.0f}}).value();
  EXPECT_EQ(own->description().context_length, 512);
  EXPECT_EQ(yarn->description().context_length, 2048);
  // What was read by one means nothing to the other.
  EXPECT_NE(own->impl().Fingerprint(512), yarn->impl().Fingerprint(512));
  EXPECT_EQ(own->impl().Fingerprint(512), own->impl().Fingerprint(2048));
  EXPECT_EQ(Model::Load(file.path(), {.rope = {.factor = 0.5f}}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(ModelTest, TwoSetsOfFrequencyFactorsReadTextsDifferently) {
  GgufWriter writer = TinyModel({.architecture = "phi3"});
  for (const char* name : {"rope_factors_short.weight", "rope_factors_long.weight"}) {
    writer.tensors().push_back({name, GGML_TYPE_F32, {8}, std::string(32, '?'), {}});
  }
  const TempFile file(writer.Build());
  const auto model = Model::Load(file.path());
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  EXPECT_EQ((*model)->impl().Fingerprint(100), (*model)->impl().Fingerprint(512));
  EXPECT_NE((*model)->impl().Fingerprint(512), (*model)->impl().Fingerprint(513));
}

}  // namespace
}  // namespace dynsplit::testing
