// Every type of weight that ggml's CPU can multiply: a model of it gives the logits of the same
// weights widened to f32.
#include <gtest/gtest.h>

#include <cmath>

#include "engine_fixture.h"
#include "ggml-cpu.h"

namespace dynsplit::testing {
namespace {

// ggml rounds the other side of a product to 8 bits, by the block, for most types. Measured: 0.014.
constexpr double kTolerance = 0.04;  // of the logits' root mean square

std::vector<ggml_type> WeightTypes() {
  std::vector<ggml_type> types;
  for (int i = 0; i < GGML_TYPE_COUNT; ++i) {
    const auto type = static_cast<ggml_type>(i);
    if (ggml_get_type_traits_cpu(type)->vec_dot != nullptr) types.push_back(type);
  }
  return types;
}

// The same model with every matrix in f32.
GgufWriter Widened(GgufWriter writer) {
  for (GgufWriterTensor& tensor : writer.tensors()) {
    const auto type = static_cast<ggml_type>(tensor.type);
    if (type == GGML_TYPE_F32) continue;
    const auto count = static_cast<int64_t>(tensor.shape[0] * tensor.shape[1]);
    std::string wide(static_cast<size_t>(count) * sizeof(float), '\0');
    ggml_get_type_traits(type)->to_float(tensor.bytes.data(), reinterpret_cast<float*>(wide.data()),
                                         count);
    tensor.bytes = std::move(wide);
    tensor.type = GGML_TYPE_F32;
  }
  return writer;
}

std::vector<float> LogitsOf(const GgufWriter& writer, bool repack) {
  const TempFile file(writer.Build());
  const auto model = Model::Load(file.path(), {.repack = repack});
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  if (!model.ok()) return {};
  const auto engine = Engine::Create(*model, {.threads = 1});
  EXPECT_TRUE(engine.ok()) << engine.status().ToString();
  const auto session = (*engine)->NewSession();
  const Status fed = (*session)->Feed(RandomTokens(20), {.logits = Logits::kAll});
  EXPECT_TRUE(fed.ok()) << fed.ToString();
  return {(*session)->logits().begin(), (*session)->logits().end()};
}

double MeanSquare(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return sum / static_cast<double>(a.size());
}

TEST(WeightTypes, EachEqualsItsValuesInF32) {
  const auto types = WeightTypes();
  EXPECT_GE(types.size(), 20u);
  for (const ggml_type type : types) {
    const GgufWriter writer = TinyModel({.num_layers = 1,
                                         .embedding_length = 256,
                                         .feed_forward_length = 256,
                                         .num_heads = 4,
                                         .head_dim = 64,
                                         .matrix_type = type});
    const std::vector<float> want = LogitsOf(Widened(writer), false);
    const double size = std::sqrt(MeanSquare(want, std::vector<float>(want.size())));
    for (const bool repack : {false, true}) {
      const std::vector<float> got = LogitsOf(writer, repack);
      ASSERT_EQ(got.size(), want.size());
      EXPECT_LT(std::sqrt(MeanSquare(got, want)), kTolerance * size)
          << ggml_type_name(type) << (repack ? ", repacked" : "");
    }
  }
}

}  // namespace
}  // namespace dynsplit::testing
