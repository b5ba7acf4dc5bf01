#include "model/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "ggml-cpp.h"
#include "ggml-cpu.h"
#include "model/repack.h"
#include "support/gguf_writer.h"
#include "support/temp_file.h"
#include "support/tiny_model.h"

namespace dynsplit {
namespace {

using ::testing::Each;
using testing::GgufWriter;
using ::testing::HasSubstr;
using ::testing::NotNull;
using testing::TempFile;
using testing::TinyModel;
using testing::TinyModelOptions;

// Loads and forgets the file, whose mapping lives on.
Result<std::unique_ptr<Weights>> Load(const GgufWriter& writer, bool repack = false) {
  const TempFile file(writer.Build());
  return Weights::Load(file.path(), {.repack = repack});
}

Status LoadChanged(const std::function<void(GgufWriter*)>& change,
                   const TinyModelOptions& options = {}) {
  GgufWriter writer = TinyModel(options);
  change(&writer);
  return Load(writer).status();
}

std::string Content(const ggml_tensor* tensor) {
  return std::string(static_cast<const char*>(tensor->data), ggml_nbytes(tensor));
}

// matrix * (0.01, 0.02, ...) on one thread.
// By `rows` vectors: products are one after the other.
std::vector<float> Multiply(ggml_tensor* matrix, int rows) {
  const ggml_context_ptr context(ggml_init({1 << 22, nullptr, false}));
  ggml_tensor* vectors = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, matrix->ne[0], rows);
  for (int i = 0; i < static_cast<int>(ggml_nelements(vectors)); ++i) {
    ggml_set_f32_1d(vectors, i, 0.01f * static_cast<float>(i % 97));
  }
  ggml_tensor* product = ggml_mul_mat(context.get(), matrix, vectors);
  ggml_cgraph* graph = ggml_new_graph(context.get());
  ggml_build_forward_expand(graph, product);
  EXPECT_EQ(ggml_graph_compute_with_ctx(context.get(), graph, 1), GGML_STATUS_SUCCESS);
  const float* values = ggml_get_data_f32(product);
  return std::vector<float>(values, values + ggml_nelements(product));
}

TEST(Weights, MapsEveryTensor) {
  GgufWriter writer = TinyModel({.tied = false});
  const auto loaded = Load(writer);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  const Weights& weights = **loaded;
  const ModelWeights& tensors = weights.tensors(1);
  EXPECT_EQ(Content(tensors.token_embd), writer.tensor("token_embd.weight").bytes);
  EXPECT_EQ(Content(tensors.output), writer.tensor("output.weight").bytes);
  EXPECT_EQ(Content(tensors.output_norm), writer.tensor("output_norm.weight").bytes);
  ASSERT_EQ(tensors.layers.size(), 2u);
  EXPECT_EQ(Content(tensors.layers[1].ffn_up), writer.tensor("blk.1.ffn_up.weight").bytes);
  EXPECT_EQ(tensors.layers[1].wq->ne[0], 64);
  EXPECT_STREQ(tensors.layers[1].wq->name, "blk.1.attn_q.weight");
  EXPECT_EQ(tensors.layers[0].bq, nullptr);
  EXPECT_EQ(tensors.rope_freqs, nullptr);
  EXPECT_EQ(weights.config().num_layers, 2);
  EXPECT_EQ(weights.repacked_bytes(), 0);
  size_t num_bytes = 0;
  for (const auto& tensor : writer.tensors()) num_bytes += tensor.bytes.size();
  EXPECT_EQ(weights.weight_bytes(), static_cast<int64_t>(num_bytes));
}

TEST(Weights, TiedOutputIsTheEmbedding) {
  const auto loaded = Load(TinyModel());
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  EXPECT_EQ((*loaded)->tensors(1).output, (*loaded)->tensors(1).token_embd);
}

TEST(Weights, OptionalTensors) {
  GgufWriter writer = TinyModel();
  writer.tensors().push_back({"rope_freqs.weight", GGML_TYPE_F32, {8}, std::string(32, 'r'), {}});
  writer.tensors().push_back({"blk.1.attn_q.bias", GGML_TYPE_F32, {64}, std::string(256, 'b'), {}});
  const auto loaded = Load(writer);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  ASSERT_THAT((*loaded)->tensors(1).rope_freqs, NotNull());
  EXPECT_EQ(Content((*loaded)->tensors(1).rope_freqs), std::string(32, 'r'));
  EXPECT_EQ((*loaded)->tensors(1).layers[0].bq, nullptr);
  EXPECT_EQ(Content((*loaded)->tensors(1).layers[1].bq), std::string(256, 'b'));
}

TEST(Weights, Qwen2MayHaveBiases) {
  GgufWriter writer = TinyModel({.architecture = "qwen2"});
  const std::string bias(283 * sizeof(float), 'b');
  writer.tensors().push_back({"output.bias", GGML_TYPE_F32, {283}, bias, {}});
  const auto loaded = Load(writer);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  for (const LayerWeights& layer : (*loaded)->tensors(1).layers) {
    EXPECT_THAT(std::vector<ggml_tensor*>({layer.bq, layer.bk, layer.bv}), Each(NotNull()));
  }
  EXPECT_EQ(Content((*loaded)->tensors(1).output_bias), bias);
  for (const std::string layer : {"blk.0.", "blk.1."}) {
    for (const char* name : {"attn_q.bias", "attn_k.bias", "attn_v.bias"}) {
      writer.RemoveTensor(layer + name);
    }
  }
  const auto without = Load(writer);
  ASSERT_TRUE(without.ok()) << without.status().ToString();
  EXPECT_EQ((*without)->tensors(1).layers[1].bk, nullptr);
}

TEST(Weights, FusedMatricesPointIntoTheirTensor) {
  GgufWriter writer = TinyModel({.architecture = "phi3"});
  const auto loaded = Load(writer);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  const LayerWeights& layer = (*loaded)->tensors(1).layers[1];
  EXPECT_EQ(Content(layer.wq) + Content(layer.wk) + Content(layer.wv),
            writer.tensor("blk.1.attn_qkv.weight").bytes);
  EXPECT_EQ(Content(layer.ffn_gate) + Content(layer.ffn_up),
            writer.tensor("blk.1.ffn_up.weight").bytes);
  const auto split = Load(TinyModel({.architecture = "phi3", .other_attention = true}));
  ASSERT_TRUE(split.ok()) << split.status().ToString();
  EXPECT_STREQ((*split)->tensors(1).layers[1].wq->name, "blk.1.attn_q.weight");
  writer.tensor("blk.1.attn_qkv.weight").shape = {128, 64};
  EXPECT_THAT(Load(writer).status().message(),
              HasSubstr("'blk.1.attn_qkv.weight': got shape [128, 64], wanted [64, 128]"));
}

TEST(Weights, FusedBiasesPointIntoTheirTensor) {
  GgufWriter writer = TinyModel({.architecture = "qwen2", .other_attention = true});
  const auto loaded = Load(writer);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  const LayerWeights& layer = (*loaded)->tensors(1).layers[1];
  EXPECT_EQ(layer.bk->ne[0], 32);
  EXPECT_EQ(Content(layer.bq) + Content(layer.bk) + Content(layer.bv),
            writer.tensor("blk.1.attn_qkv.bias").bytes);
  writer.tensor("blk.1.attn_qkv.bias").shape = {127};
  EXPECT_THAT(Load(writer).status().message(),
              HasSubstr("'blk.1.attn_qkv.bias': got shape [127, 1], wanted [128, 1]"));
}

TEST(Weights, ExpertsAreStacked) {
  GgufWriter writer = TinyModel({.architecture = "qwen3moe"});
  const auto loaded = Load(writer, true);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  const LayerWeights& layer = (*loaded)->tensors(1).layers[1];
  EXPECT_EQ(layer.ffn_down->ne[0], 32);
  EXPECT_EQ(layer.ffn_down->ne[1], 64);
  EXPECT_EQ(layer.ffn_down->ne[2], 6);
  EXPECT_EQ(Content(layer.ffn_down), writer.tensor("blk.1.ffn_down_exps.weight").bytes);
}

TEST(Weights, OneSetOfFactorsNeedsTheOther) {
  GgufWriter writer = TinyModel({.architecture = "phi3"});
  writer.tensors().push_back(
      {"rope_factors_long.weight", GGML_TYPE_F32, {8}, std::string(32, 'r'), {}});
  const Status status = Load(writer).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_THAT(status.message(), HasSubstr("'rope_factors_short.weight'"));
}

TEST(Weights, BadTensors) {
  const Status missing = LoadChanged([](GgufWriter* w) { w->RemoveTensor("blk.0.ffn_up.weight"); });
  EXPECT_EQ(missing.code(), StatusCode::kCorruption);
  EXPECT_THAT(missing.message(), HasSubstr("tensor 'blk.0.ffn_up.weight' is missing"));

  const Status shape = LoadChanged([](GgufWriter* w) {
    w->tensor("blk.0.attn_k.weight").shape = {32, 64};
  });
  EXPECT_EQ(shape.code(), StatusCode::kCorruption);
  EXPECT_THAT(shape.message(),
              HasSubstr("tensor 'blk.0.attn_k.weight': got shape [32, 64], wanted [64, 32]"));

  const Status unknown = LoadChanged([](GgufWriter* w) {
    w->tensors().push_back({"blk.0.attn_sinks", GGML_TYPE_F32, {4}, std::string(16, '\0'), {}});
  });
  EXPECT_EQ(unknown.code(), StatusCode::kUnsupported);
  EXPECT_THAT(unknown.message(), HasSubstr("tensor 'blk.0.attn_sinks' is not part of"));
}

TEST(Weights, UnsupportedTypes) {
  const Status matrix =
      LoadChanged([](GgufWriter* w) { w->tensor("blk.0.attn_k.weight").type = GGML_TYPE_I32; });
  EXPECT_EQ(matrix.code(), StatusCode::kUnsupported);
  EXPECT_THAT(matrix.message(), HasSubstr("tensor 'blk.0.attn_k.weight': ggml's CPU cannot "
                                          "multiply matrices of type i32"));
  const Status norm = LoadChanged([](GgufWriter* w) {
    testing::GgufWriterTensor& tensor = w->tensor("output_norm.weight");
    tensor.type = GGML_TYPE_F16;
    tensor.bytes.resize(128);
  });
  EXPECT_EQ(norm.code(), StatusCode::kUnsupported);
  EXPECT_THAT(norm.message(), HasSubstr("'output_norm.weight': type f16 is not supported here"));
}

TEST(Weights, Nvfp4IsRefusedForItsFactors) {
  int type = 0;
  while (type < GGML_TYPE_COUNT &&
         (ggml_get_type_traits(static_cast<ggml_type>(type))->type_size == 0 ||
          std::string_view(ggml_type_name(static_cast<ggml_type>(type))) != "nvfp4")) {
    ++type;
  }
  if (type == GGML_TYPE_COUNT) GTEST_SKIP() << "this ggml does not know it";
  const Status status = LoadChanged([&](GgufWriter* w) {
    testing::GgufWriterTensor& tensor = w->tensor("blk.0.attn_k.weight");
    tensor.type = static_cast<uint32_t>(type);
    tensor.bytes.resize(ggml_row_size(static_cast<ggml_type>(type), 64) * 32);
    w->tensors().push_back({"blk.0.attn_k.scale", GGML_TYPE_F32, {1}, std::string(4, '\0'), {}});
  });
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("'blk.0.attn_k.weight': type nvfp4 is not supported"));
}

// 256 numbers a row, for that is the block of q4_K.
constexpr TinyModelOptions kQuantised = {
    .num_layers = 1, .embedding_length = 256, .feed_forward_length = 256, .matrix_type = {}};

TEST(Weights, RepackedProductsEqualMappedOnes) {
  ggml_cpu_init();
  for (const ggml_type type : {GGML_TYPE_F32, GGML_TYPE_Q4_0, GGML_TYPE_Q4_1, GGML_TYPE_Q8_0,
                               GGML_TYPE_Q4_K, GGML_TYPE_Q6_K}) {
    TinyModelOptions options = kQuantised;
    options.matrix_type = type;
    options.head_dim = 64;
    const GgufWriter writer = TinyModel(options);
    const auto mapped = Load(writer);
    const auto repacked = Load(writer, true);
    ASSERT_TRUE(mapped.ok() && repacked.ok()) << ggml_type_name(type);
    const bool repacks = RepackedBufferType(type, 256, 256) != nullptr;
    EXPECT_EQ((*repacked)->repacked_bytes() > 0, repacks) << ggml_type_name(type);
    EXPECT_EQ((*repacked)->tensors(1).token_embd->extra, nullptr);

    // Each from the layout that is the fastest for so many rows, and with the same values.
    for (const int rows : {1, 2, 8, 9, 40}) {
      const std::vector<float> wanted = Multiply((*mapped)->tensors(rows).layers[0].ffn_down, rows);
      const std::vector<float> got = Multiply((*repacked)->tensors(rows).layers[0].ffn_down, rows);
      ASSERT_EQ(got.size(), wanted.size());
      for (size_t i = 0; i < got.size(); ++i) {
        ASSERT_NEAR(got[i], wanted[i], 1e-3f) << ggml_type_name(type) << " " << rows << " " << i;
      }
    }
    EXPECT_EQ((*mapped)->tensors(512).layers[0].wq, (*mapped)->tensors(1).layers[0].wq);
  }
}

TEST(Weights, RepackedTiedOutputIsACopy) {
  TinyModelOptions options = kQuantised;
  options.head_dim = 64;
  options.matrix_type = GGML_TYPE_Q4_0;
  GgufWriter writer = TinyModel(options);
  // Rows interleave in groups of 8, so the vocabulary gets the next multiple.
  std::vector<std::string> tokens(288);
  for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = "t" + std::to_string(i);
  writer.SetStrings("tokenizer.ggml.tokens", tokens);
  writer.SetI32s("tokenizer.ggml.token_type", std::vector<int32_t>(tokens.size(), 1));
  testing::GgufWriterTensor& embedding = writer.tensor("token_embd.weight");
  embedding.shape[1] = tokens.size();
  embedding.bytes.resize(ggml_row_size(GGML_TYPE_Q4_0, 256) * tokens.size());
  if (RepackedBufferType(GGML_TYPE_Q4_0, 256, 288) == nullptr) GTEST_SKIP() << "no kernels";

  const auto loaded = Load(writer, true);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  const ModelWeights& tensors = (*loaded)->tensors(1);
  EXPECT_NE(tensors.output, tensors.token_embd);
  EXPECT_EQ(Content(tensors.token_embd), embedding.bytes);
  EXPECT_EQ(tensors.output->ne[1], 288);
}

}  // namespace
}  // namespace dynsplit
