#include "support/tiny_architectures.h"

#include <cmath>
#include <cstring>

namespace dynsplit::testing {
namespace {

constexpr float kGain = 4.0f;  // so that a few tokens have most of the mass, as in trained models

// What pair i's angle is divided by: rising from 1 to `last`.
void AddFactors(const std::string& name, uint32_t pairs, float last, GgufWriter* writer) {
  std::string bytes;
  for (uint32_t i = 0; i < pairs; ++i) {
    const float share = static_cast<float>(i) / static_cast<float>(pairs - 1);
    bytes += RawBytes(std::pow(last, share));
  }
  writer->tensors().push_back({name, GGML_TYPE_F32, {pairs}, bytes, {}});
}

void AddBias(const std::string& name, uint32_t length, GgufWriter* writer) {
  std::string bytes;
  for (uint32_t i = 0; i < length; ++i) {
    bytes += RawBytes(0.1f * std::sin(static_cast<float>(i)));
  }
  writer->tensors().push_back({name, GGML_TYPE_F32, {length}, bytes, {}});
}

// Biases that llama files may have.
void AddLlamaBiases(GgufWriter* writer) {
  for (const std::string layer : {"blk.0.", "blk.1."}) {
    AddBias(layer + "attn_q.bias", 64, writer);
    AddBias(layer + "attn_k.bias", 32, writer);
    AddBias(layer + "attn_v.bias", 32, writer);
    AddBias(layer + "attn_output.bias", 64, writer);
    AddBias(layer + "ffn_gate.bias", 96, writer);
    AddBias(layer + "ffn_up.bias", 96, writer);
    AddBias(layer + "ffn_down.bias", 64, writer);
  }
}

void AddPhi3Factors(GgufWriter* writer) {
  writer->SetString("general.name", "tiny");  // by "phi3" libllama would expect Phi 3's own tokens
  writer->SetU32("phi3.rope.dimension_count", 24);  // of 32
  writer->SetU32("phi3.rope.scaling.original_context_length", 256);
  writer->SetF32("phi3.rope.scaling.attn_factor", 1.2f);
  AddFactors("rope_factors_short.weight", 12, 1.5f, writer);
  AddFactors("rope_factors_long.weight", 12, 20.0f, writer);
}

void Stretch(const std::string& architecture, const char* type, GgufWriter* writer) {
  writer->SetString(architecture + ".rope.scaling.type", type);
  writer->SetF32(architecture + ".rope.scaling.factor", 8.0f);
  writer->SetU32(architecture + ".rope.scaling.original_context_length", 32);
}

// The sizes by which a Gemma of 27B is known: so many layers.
TinyModelOptions Gemma27B(const char* architecture, uint32_t num_layers) {
  return {.architecture = architecture,
          .num_layers = num_layers,
          .feed_forward_length = 32,
          .num_heads = 2,
          .num_kv_heads = 1};
}

// What files of Gemma 3 may say besides: which layers have a window by an array (here every other
// one), and the cap of the logits, which its own have none of.
void AddGemma3Keys(uint32_t num_layers, GgufWriter* writer) {
  constexpr uint32_t kArray = 9, kBool = 7;
  std::string flags;
  for (uint32_t i = 0; i < num_layers; ++i) flags += static_cast<char>(i % 2);
  writer->SetRaw("gemma3.attention.sliding_window_pattern", kArray,
                 RawBytes(kBool) + RawBytes(uint64_t{num_layers}) + flags);
  writer->SetF32("gemma3.rope.freq_base_swa", 5000.0f);
  writer->SetF32("gemma3.final_logit_softcapping", 6.0f);
  Stretch("gemma3", "linear", writer);
}

// The experts to q8_0; what chooses them stays in f32, as in files of such models.
void RoundExperts(GgufWriter* writer) {
  for (GgufWriterTensor& tensor : writer->tensors()) {
    if (!tensor.name.ends_with("_exps.weight")) continue;
    const auto row_length = static_cast<int64_t>(tensor.shape[0]);
    const auto num_rows = static_cast<int64_t>(tensor.shape[1] * tensor.shape[2]);
    std::vector<float> values(tensor.bytes.size() / sizeof(float));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    tensor.type = GGML_TYPE_Q8_0;
    tensor.bytes.resize(ggml_row_size(GGML_TYPE_Q8_0, row_length) * static_cast<size_t>(num_rows));
    ggml_quantize_chunk(GGML_TYPE_Q8_0, values.data(), tensor.bytes.data(), 0, num_rows, row_length,
                        nullptr);
  }
}

std::vector<TinyArchitecture> MakeAll() {
  return {
      {"llama", {.architecture = "llama", .tied = false}, &AddLlamaBiases},
      {"llama3",
       {.architecture = "llama", .num_heads = 2, .num_kv_heads = 1, .head_dim = 64},
       [](GgufWriter* w) { AddFactors("rope_freqs.weight", 32, 8.0f, w); }},
      {"llama-linear",
       {.architecture = "llama"},
       [](GgufWriter* w) { Stretch("llama", "linear", w); }},
      {"llama-yarn",
       {.architecture = "llama", .num_heads = 2, .head_dim = 64},
       [](GgufWriter* w) { Stretch("llama", "yarn", w); }},
      {"qwen2", {.architecture = "qwen2", .num_kv_heads = 1}},
      {"qwen2-fused",
       {.architecture = "qwen2", .tied = false, .other_attention = true},
       [](GgufWriter* w) { AddBias("output.bias", 283, w); }},
      {"qwen2-yarn",
       {.architecture = "qwen2", .num_heads = 2, .num_kv_heads = 1, .head_dim = 32},
       [](GgufWriter* w) { Stretch("qwen2", "yarn", w); }},
      {"qwen3", {.architecture = "qwen3", .num_heads = 2, .num_kv_heads = 1, .head_dim = 128}},
      {"qwen3moe", {.architecture = "qwen3moe", .num_kv_heads = 1, .head_dim = 32}},
      // Activations are rounded to 8 bits for these products, and every last bit counts then, such
      // as those of keys in f16 here and f32 there. libllama's logits diverge by 2.8e-3 from its
      // own with the same values in f32.
      {"qwen3moe-q8", {.architecture = "qwen3moe"}, &RoundExperts, 256, 2.8e-3, 0.15},
      {"phi3",
       {.architecture = "phi3", .num_heads = 2, .head_dim = 32, .tied = false},
       &AddPhi3Factors},
      {"phi3-long", {.architecture = "phi3", .num_heads = 2, .head_dim = 32}, &AddPhi3Factors, 512},
      {"phi3-split",
       {.architecture = "phi3", .num_heads = 2, .head_dim = 32, .other_attention = true},
       &AddPhi3Factors},
      {"smollm3", {.architecture = "smollm3", .num_layers = 5}},
      {"granite", {.architecture = "granite", .num_heads = 2, .num_kv_heads = 1, .head_dim = 80}},
      {"granite-nope",
       {.architecture = "granite"},
       [](GgufWriter* w) { w->SetBool("granite.rope.scaling.finetuned", false); }},
      {"olmo2", {.architecture = "olmo2", .tied = false}},
      {"olmo3",
       {.architecture = "olmo2", .num_layers = 5, .tied = false},
       [](GgufWriter* w) {
         w->SetU32("olmo2.attention.sliding_window", 24);
         Stretch("olmo2", "yarn", w);
       }},
      {"gemma2",
       {.architecture = "gemma2",
        .num_layers = 3,
        .num_heads = 2,
        .num_kv_heads = 1,
        .head_dim = 96}},
      {"gemma2-27b", Gemma27B("gemma2", 46), [](GgufWriter* w) { Stretch("gemma2", "linear", w); }},
      {"gemma3",
       {.architecture = "gemma3",
        .num_layers = 4,
        .num_heads = 2,
        .num_kv_heads = 1,
        .head_dim = 256}},
      {"gemma3-27b", Gemma27B("gemma3", 62), [](GgufWriter* w) { AddGemma3Keys(62, w); }},
  };
}

}  // namespace

GgufWriter TinyArchitecture::Make() const {
  TinyModelOptions own = options;
  own.output_gain = kGain;
  GgufWriter writer = TinyModel(own);
  if (change) change(&writer);
  return writer;
}

const std::vector<TinyArchitecture>& TinyArchitectures() {
  static const std::vector<TinyArchitecture> all = MakeAll();
  return all;
}

}  // namespace dynsplit::testing
