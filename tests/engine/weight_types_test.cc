// Every type of weight that ggml's CPU can multiply, but for one that is refused: a model whose
// embedding, which is its output too, has it gives the logits of the same values in f32.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>

#include "engine_fixture.h"
#include "ggml-cpu.h"

namespace dynsplit::testing {
namespace {

// ggml rounds the other side of a product to 8 bits, by the block, for most types. Measured: at
// most 0.008.
constexpr double kTolerance = 0.02;  // of the logits' root mean square

std::vector<ggml_type> WeightTypes() {
  std::vector<ggml_type> types;
  for (int i = 0; i < GGML_TYPE_COUNT; ++i) {
    const auto type = static_cast<ggml_type>(i);
    if (ggml_get_type_traits_cpu(type)->vec_dot == nullptr) continue;
    if (std::string_view(ggml_type_name(type)) != "nvfp4") types.push_back(type);
  }
  return types;
}

// ggml takes seconds to make tables before it can make the first row of these.
bool IsSlowToMake(ggml_type type) {
  const std::string name = ggml_type_name(type);
  return name.starts_with("iq1") || name.starts_with("iq2") || name.starts_with("iq3");
}

// Rows of `type`: of the values or, where that takes too long, whatever random bits stand for. A
// byte without its bits 4, 6 and 7 makes no f16 that is not finite, whichever of its bytes it is.
std::string Rows(std::span<const float> values, ggml_type type, int64_t row_length) {
  const auto num_rows = static_cast<int64_t>(values.size()) / row_length;
  std::string bytes(ggml_row_size(type, row_length) * static_cast<size_t>(num_rows), '\0');
  if (IsSlowToMake(type)) {
    Rng rng(5);
    for (char& byte : bytes) byte = static_cast<char>(rng.Below(256) & 0x2f);
  } else {
    ggml_quantize_chunk(type, values.data(), bytes.data(), 0, num_rows, row_length, nullptr);
  }
  return bytes;
}

std::string Widened(const std::string& rows, ggml_type type, int64_t count) {
  if (type == GGML_TYPE_F32) return rows;
  std::string floats(static_cast<size_t>(count) * sizeof(float), '\0');
  ggml_get_type_traits(type)->to_float(rows.data(), reinterpret_cast<float*>(floats.data()), count);
  return floats;
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
  // 256 numbers a row, for that is the largest block.
  GgufWriter writer = TinyModel({.num_layers = 1, .embedding_length = 256});
  GgufWriterTensor& embedding = writer.tensor("token_embd.weight");
  std::vector<float> values(embedding.bytes.size() / sizeof(float));
  std::memcpy(values.data(), embedding.bytes.data(), embedding.bytes.size());
  for (const ggml_type type : types) {
    const std::string rows = Rows(values, type, 256);
    embedding.type = GGML_TYPE_F32;
    embedding.bytes = Widened(rows, type, static_cast<int64_t>(values.size()));
    const std::vector<float> want = LogitsOf(writer, false);
    embedding.type = type;
    embedding.bytes = rows;
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
