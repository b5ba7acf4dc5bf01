#include "model/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <functional>
#include <limits>
#include <string>

#include "model/architecture.h"
#include "model/gguf_reader.h"
#include "support/gguf_writer.h"
#include "support/tiny_model.h"

namespace dynsplit {
namespace {

using testing::GgufWriter;
using ::testing::HasSubstr;
using testing::TinyModel;

Result<ModelConfig> Read(const GgufWriter& writer) {
  const std::string bytes = writer.Build();
  const auto reader = GgufReader::FromBuffer(std::as_bytes(std::span(bytes)), "m.gguf");
  if (!reader.ok()) return reader.status();
  return ReadModelConfig(*reader);
}

// The tiny llama model with something changed.
Result<ModelConfig> ReadChanged(const std::function<void(GgufWriter*)>& change) {
  GgufWriter writer = TinyModel();
  change(&writer);
  return Read(writer);
}

TEST(ModelConfig, ReadsLlama) {
  const Result<ModelConfig> config = Read(TinyModel());
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->architecture, &kLlama);
  EXPECT_EQ(config->name, "tiny llama");
  EXPECT_EQ(config->num_layers, 2);
  EXPECT_EQ(config->embedding_length, 64);
  EXPECT_EQ(config->feed_forward_length, 96);
  EXPECT_EQ(config->num_heads, 4);
  ASSERT_EQ(config->layers.size(), 2u);
  for (const LayerConfig& layer : config->layers) {
    EXPECT_EQ(layer.num_kv_heads, 2);
    EXPECT_EQ(layer.window, 0);
    EXPECT_TRUE(layer.rotates);
  }
  EXPECT_EQ(config->head_dim, 16);
  EXPECT_EQ(config->value_dim, 16);
  EXPECT_EQ(config->QueryLength(), 64);
  EXPECT_EQ(config->KeyLength(1), 32);
  EXPECT_EQ(config->ValueLength(1), 32);
  EXPECT_EQ(config->attention_scale, 0.25f);
  EXPECT_EQ(config->context_length, 512);
  EXPECT_EQ(config->vocab_size, 283);
  EXPECT_EQ(config->rms_epsilon, 1e-5f);
  EXPECT_EQ(config->rope.layout, RopeLayout::kAdjacent);
  EXPECT_EQ(config->rope.dimension_count, 16);
  EXPECT_EQ(config->rope.freq_base, 10000.0f);
  EXPECT_EQ(config->rope.scaling, RopeScaling::kNone);
  EXPECT_EQ(config->rope.factor, 1.0f);
  EXPECT_EQ(config->rope.original_context, 512);
}

TEST(ModelConfig, Qwen2RotatesHalves) {
  const Result<ModelConfig> config = Read(TinyModel({.architecture = "qwen2"}));
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->architecture, &kQwen2);
  EXPECT_EQ(config->rope.layout, RopeLayout::kHalves);
}

TEST(ModelConfig, DefaultsOfMissingKeys) {
  const Result<ModelConfig> config = ReadChanged([](GgufWriter* w) {
    for (const char* key :
         {"general.name", "llama.attention.head_count_kv", "llama.attention.key_length",
          "llama.attention.value_length", "llama.rope.freq_base", "llama.rope.dimension_count"}) {
      w->Remove(key);
    }
  });
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->name, "");
  EXPECT_EQ(config->Layer(1).num_kv_heads, 4);
  EXPECT_EQ(config->head_dim, 16);
  EXPECT_EQ(config->rope.freq_base, 10000.0f);
  EXPECT_EQ(config->rope.dimension_count, 16);
}

TEST(ModelConfig, RopeScaling) {
  const Result<ModelConfig> linear =
      ReadChanged([](GgufWriter* w) { w->SetF32("llama.rope.scale_linear", 4.0f); });
  ASSERT_TRUE(linear.ok()) << linear.status().ToString();
  EXPECT_EQ(linear->rope.scaling, RopeScaling::kLinear);
  EXPECT_EQ(linear->rope.factor, 4.0f);

  const Result<ModelConfig> yarn = ReadChanged([](GgufWriter* w) {
    w->SetString("llama.rope.scaling.type", "yarn");
    w->SetF32("llama.rope.scaling.factor", 8.0f);
    w->SetU32("llama.rope.scaling.original_context_length", 64);
    w->SetF32("llama.rope.scaling.attn_factor", 1.25f);
  });
  ASSERT_TRUE(yarn.ok()) << yarn.status().ToString();
  EXPECT_EQ(yarn->rope.scaling, RopeScaling::kYarn);
  EXPECT_EQ(yarn->rope.factor, 8.0f);
  EXPECT_EQ(yarn->rope.original_context, 64);
  EXPECT_EQ(yarn->rope.attention_factor, 1.25f);

  const Result<ModelConfig> none = ReadChanged([](GgufWriter* w) {
    w->SetString("llama.rope.scaling.type", "none");
    w->SetF32("llama.rope.scaling.factor", 8.0f);
  });
  ASSERT_TRUE(none.ok()) << none.status().ToString();
  EXPECT_EQ(none->rope.scaling, RopeScaling::kNone);
  EXPECT_EQ(none->rope.factor, 1.0f);

  const Result<ModelConfig> zero =
      ReadChanged([](GgufWriter* w) { w->SetF32("llama.rope.scaling.factor", 0.0f); });
  ASSERT_TRUE(zero.ok()) << zero.status().ToString();
  EXPECT_EQ(zero->rope.factor, 1.0f);
}

TEST(ModelConfig, UnsupportedVariants) {
  const auto message = [](const std::function<void(GgufWriter*)>& change) {
    return ReadChanged(change).status().ToString();
  };
  EXPECT_EQ(message([](GgufWriter* w) { w->SetU32("llama.expert_count", 8); }),
            "Unsupported: m.gguf: key 'llama.expert_count': a mixture of experts, which is "
            "supported in qwen3moe only");
  EXPECT_THAT(message([](GgufWriter* w) { w->SetString("llama.rope.scaling.type", "ntk"); }),
              HasSubstr("'ntk', supported are none, linear, yarn and longrope"));
  EXPECT_THAT(message([](GgufWriter* w) {
                w->SetString("llama.rope.scaling.type", "yarn");
                w->SetF32("llama.rope.scaling.yarn_beta_fast", 16.0f);
              }),
              HasSubstr("'llama.rope.scaling.yarn_beta_fast': 16, supported is 32"));
  EXPECT_THAT(message([](GgufWriter* w) { w->SetU32("llama.attention.key_length", 24); }),
              HasSubstr("Unsupported: m.gguf: key 'llama.attention.key_length': heads of 24"));
  EXPECT_THAT(message([](GgufWriter* w) { w->SetU32("llama.attention.value_length", 40); }),
              HasSubstr("key 'llama.attention.value_length': heads of 40"));
}

TEST(ModelConfig, KvHeadsAndValuesOfTheirOwn) {
  const Result<ModelConfig> config = ReadChanged([](GgufWriter* w) {
    w->SetI32s("llama.attention.head_count_kv", {4, 1});
    w->SetU32("llama.attention.value_length", 32);
  });
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->KeyLength(0), 64);
  EXPECT_EQ(config->KeyLength(1), 16);
  EXPECT_EQ(config->ValueLength(1), 32);
  EXPECT_EQ(config->AttendedLength(), 128);
}

// Which layers have a window, as "w" and "-".
std::string Windows(const ModelConfig& config) {
  std::string text;
  for (const LayerConfig& layer : config.layers) text += layer.window == 0 ? '-' : 'w';
  return text;
}

TEST(ModelConfig, WindowsFollowThePattern) {
  const auto windows = [](const std::string& architecture, uint32_t num_layers,
                          const std::function<void(GgufWriter*)>& change) {
    GgufWriter writer = TinyModel({.architecture = architecture, .num_layers = num_layers});
    change(&writer);
    const Result<ModelConfig> config = Read(writer);
    return config.ok() ? Windows(*config) : config.status().ToString();
  };
  EXPECT_EQ(windows("gemma2", 4, [](GgufWriter*) {}), "w-w-");
  EXPECT_EQ(windows("gemma3", 7,
                    [](GgufWriter* w) { w->Remove("gemma3.attention.sliding_window_pattern"); }),
            "wwwww-w");
  EXPECT_EQ(windows("gemma3", 7, [](GgufWriter*) {}), "ww-ww-w");
  EXPECT_EQ(windows("gemma3", 3,
                    [](GgufWriter* w) {
                      w->SetRaw("gemma3.attention.sliding_window_pattern", 9,
                                testing::RawBytes(uint32_t{7}) + testing::RawBytes(uint64_t{3}) +
                                    std::string({1, 0, 0}));
                    }),
            "w--");
  EXPECT_EQ(
      windows("gemma3", 3, [](GgufWriter* w) { w->Remove("gemma3.attention.sliding_window"); }),
      "---");
  EXPECT_EQ(windows("olmo2", 4, [](GgufWriter*) {}), "----");
  EXPECT_EQ(
      windows("olmo2", 5, [](GgufWriter* w) { w->SetU32("olmo2.attention.sliding_window", 9); }),
      "www-w");
}

TEST(ModelConfig, LayersWithAWindowAreNotStretched) {
  GgufWriter writer = TinyModel({.architecture = "gemma3", .num_layers = 3});
  writer.SetF32("gemma3.rope.scaling.factor", 8.0f);
  const Result<ModelConfig> config = Read(writer);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->Layer(0).window, 40);
  EXPECT_EQ(config->RopeOf(0).freq_base, 10000.0f);
  EXPECT_EQ(config->RopeOf(0).factor, 1.0f);
  EXPECT_EQ(config->RopeOf(2).freq_base, 1000000.0f);
  EXPECT_EQ(config->RopeOf(2).factor, 8.0f);
}

TEST(ModelConfig, WindowsOfGemma2AreStretchedByTheFileAlone) {
  GgufWriter writer = TinyModel({.architecture = "gemma2", .num_layers = 2});
  writer.SetString("gemma2.rope.scaling.type", "linear");
  writer.SetF32("gemma2.rope.scaling.factor", 4.0f);
  Result<ModelConfig> config = Read(writer);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->RopeOf(0).factor, 4.0f);  // has a window
  ASSERT_TRUE(ApplyRope({.scaling = RopeScaling::kLinear, .factor = 2.0f}, &*config).ok());
  EXPECT_EQ(config->RopeOf(0).factor, 4.0f);
  EXPECT_EQ(config->RopeOf(1).factor, 2.0f);
}

TEST(ModelConfig, EveryFourthLayerOfSmolLm3DoesNotRotate) {
  const Result<ModelConfig> config = Read(TinyModel({.architecture = "smollm3", .num_layers = 8}));
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(config->Layer(i).rotates, i != 3 && i != 7) << i;
}

TEST(ModelConfig, FactorsOfGraniteAndCapsOfGemma2) {
  const Result<ModelConfig> granite = Read(TinyModel({.architecture = "granite"}));
  ASSERT_TRUE(granite.ok()) << granite.status().ToString();
  EXPECT_EQ(granite->embedding_scale, 3.0f);
  EXPECT_EQ(granite->residual_scale, 0.4f);
  EXPECT_EQ(granite->attention_scale, 0.5f);
  EXPECT_FLOAT_EQ(granite->logit_scale, 1 / 0.7f);
  const Result<ModelConfig> gemma = Read(TinyModel({.architecture = "gemma2"}));
  ASSERT_TRUE(gemma.ok()) << gemma.status().ToString();
  EXPECT_EQ(gemma->embedding_scale, 8.0f);
  EXPECT_EQ(gemma->attention_softcap, 1.5f);
  EXPECT_EQ(gemma->logit_softcap, 6.0f);
  EXPECT_EQ(gemma->activation, Activation::kGelu);
}

TEST(ModelConfig, ExpertsOfQwen3) {
  const Result<ModelConfig> config = Read(TinyModel({.architecture = "qwen3moe"}));
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->num_experts, 6);
  EXPECT_EQ(config->num_used_experts, 2);
  EXPECT_EQ(config->expert_feed_forward_length, 32);
  for (const uint32_t used : {0u, 7u}) {
    GgufWriter writer = TinyModel({.architecture = "qwen3moe"});
    writer.SetU32("qwen3moe.expert_used_count", used);
    EXPECT_THAT(Read(writer).status().message(), HasSubstr("wanted 1 to 6"));
  }
  GgufWriter none = TinyModel({.architecture = "qwen3moe"});
  none.Remove("qwen3moe.expert_count");
  EXPECT_THAT(Read(none).status().message(), HasSubstr("'qwen3moe.expert_count': got no experts"));
}

TEST(ApplyRope, ReplacesWhatTheFileSays) {
  ModelConfig config = Read(TinyModel()).value();
  ASSERT_TRUE(ApplyRope({.scaling = RopeScaling::kYarn, .factor = 4.0f}, &config).ok());
  EXPECT_EQ(config.rope.scaling, RopeScaling::kYarn);
  EXPECT_EQ(config.rope.factor, 4.0f);
  EXPECT_EQ(config.rope.original_context, 512);
  EXPECT_EQ(config.context_length, 2048);

  ASSERT_TRUE(ApplyRope({.scaling = RopeScaling::kNone}, &config).ok());
  EXPECT_EQ(config.rope.factor, 1.0f);
  EXPECT_EQ(config.context_length, 512);

  ASSERT_TRUE(ApplyRope({.factor = 2.0f, .original_context = 100}, &config).ok());
  EXPECT_EQ(config.rope.scaling, RopeScaling::kLinear);
  EXPECT_EQ(config.context_length, 200);

  ASSERT_TRUE(ApplyRope({.freq_base = 5e5f}, &config).ok());
  EXPECT_EQ(config.rope.freq_base, 5e5f);
  EXPECT_EQ(config.context_length, 200);
}

TEST(ApplyRope, NothingChangesNothing) {
  ModelConfig config = Read(TinyModel()).value();
  ASSERT_TRUE(ApplyRope({}, &config).ok());
  EXPECT_EQ(config.rope.scaling, RopeScaling::kNone);
  EXPECT_EQ(config.context_length, 512);
}

TEST(ApplyRope, NumbersOutOfRange) {
  ModelConfig config = Read(TinyModel()).value();
  EXPECT_EQ(ApplyRope({.factor = 0.5f}, &config).ToString(),
            "InvalidArgument: rope.factor: got 0.5, wanted 1 to 10000");
  EXPECT_EQ(ApplyRope({.freq_base = std::numeric_limits<float>::quiet_NaN()}, &config).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(ApplyRope({.original_context = 0}, &config).code(), StatusCode::kInvalidArgument);
}

struct BadNumber {
  const char* key;
  double value;
  bool is_float;
};

class ModelConfigRange : public ::testing::TestWithParam<BadNumber> {};

TEST_P(ModelConfigRange, IsCorruptionThatNamesTheKey) {
  const BadNumber& bad = GetParam();
  const Status status = ReadChanged([&](GgufWriter* w) {
                          bad.is_float ? w->SetF32(bad.key, static_cast<float>(bad.value))
                                       : w->SetU64(bad.key, static_cast<uint64_t>(bad.value));
                        }).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr(std::string("m.gguf: key '") + bad.key + "': got "));
}

std::string CaseName(const ::testing::TestParamInfo<BadNumber>& number) {
  std::string name = number.param.key;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name + "_" + std::to_string(number.index);
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

INSTANTIATE_TEST_SUITE_P(
    Values, ModelConfigRange,
    ::testing::Values(BadNumber{"llama.block_count", 0, false},
                      BadNumber{"llama.block_count", 513, false},
                      BadNumber{"llama.embedding_length", 0, false},
                      BadNumber{"llama.embedding_length", 1u << 18, false},
                      BadNumber{"llama.feed_forward_length", 0, false},
                      BadNumber{"llama.feed_forward_length", 1u << 21, false},
                      BadNumber{"llama.context_length", 0, false},
                      BadNumber{"llama.context_length", 4294967295.0, false},
                      BadNumber{"llama.attention.head_count", 0, false},
                      BadNumber{"llama.attention.head_count", 4096, false},
                      BadNumber{"llama.attention.head_count_kv", 0, false},
                      BadNumber{"llama.attention.head_count_kv", 3, false},
                      BadNumber{"llama.attention.key_length", 0, false},
                      BadNumber{"llama.attention.key_length", 272, false},
                      BadNumber{"llama.rope.dimension_count", 0, false},
                      BadNumber{"llama.rope.dimension_count", 15, false},
                      BadNumber{"llama.rope.dimension_count", 18, false},
                      BadNumber{"llama.rope.scaling.original_context_length", 0, false},
                      BadNumber{"llama.attention.layer_norm_rms_epsilon", 0.0, true},
                      BadNumber{"llama.attention.layer_norm_rms_epsilon", -1e-5, true},
                      BadNumber{"llama.attention.layer_norm_rms_epsilon", 2.0, true},
                      BadNumber{"llama.attention.layer_norm_rms_epsilon", kNan, true},
                      BadNumber{"llama.rope.freq_base", 0.0, true},
                      BadNumber{"llama.rope.freq_base", kInfinity, true},
                      BadNumber{"llama.rope.freq_base", kNan, true},
                      BadNumber{"llama.rope.scaling.factor", 0.5, true},
                      BadNumber{"llama.rope.scaling.factor", -1.0, true},
                      BadNumber{"llama.rope.scaling.factor", kNan, true},
                      BadNumber{"llama.rope.scaling.attn_factor", 0.0, true}),
    CaseName);

TEST(ModelConfig, EmptyVocabulary) {
  const Result<ModelConfig> config =
      ReadChanged([](GgufWriter* w) { w->SetStrings("tokenizer.ggml.tokens", {}); });
  EXPECT_EQ(config.status().ToString(),
            "Corruption: m.gguf: key 'tokenizer.ggml.tokens': got 0 tokens, wanted 1 to 16777216");
}

TEST(ModelConfig, EmbeddingMustSplitIntoHeads) {
  const Result<ModelConfig> config = ReadChanged([](GgufWriter* w) {
    w->Remove("llama.attention.key_length");
    w->SetU32("llama.embedding_length", 66);
  });
  EXPECT_EQ(config.status().ToString(),
            "Corruption: m.gguf: key 'llama.embedding_length': got 66, wanted a multiple of "
            "head_count 4");
}

}  // namespace
}  // namespace dynsplit
