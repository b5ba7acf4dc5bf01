#include "support/tiny_architectures.h"

#include <cmath>

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

void StretchLlama(const char* type, GgufWriter* writer) {
  writer->SetString("llama.rope.scaling.type", type);
  writer->SetF32("llama.rope.scaling.factor", 8.0f);
  writer->SetU32("llama.rope.scaling.original_context_length", 32);
}

std::vector<TinyArchitecture> MakeAll() {
  return {
      {"llama", {.architecture = "llama", .tied = false}, &AddLlamaBiases},
      {"llama3",
       {.architecture = "llama", .num_heads = 2, .num_kv_heads = 1, .head_dim = 64},
       [](GgufWriter* w) { AddFactors("rope_freqs.weight", 32, 8.0f, w); }},
      {"llama-linear", {.architecture = "llama"}, [](GgufWriter* w) { StretchLlama("linear", w); }},
      {"llama-yarn",
       {.architecture = "llama", .num_heads = 2, .head_dim = 64},
       [](GgufWriter* w) { StretchLlama("yarn", w); }},
      {"qwen2", {.architecture = "qwen2", .num_kv_heads = 1}},
      {"qwen3", {.architecture = "qwen3", .num_heads = 2, .num_kv_heads = 1, .head_dim = 128}},
      {"qwen3moe", {.architecture = "qwen3moe", .num_kv_heads = 1, .head_dim = 32}},
      {"phi3",
       {.architecture = "phi3", .num_heads = 2, .head_dim = 32, .tied = false},
       &AddPhi3Factors},
      {"phi3-long", {.architecture = "phi3", .num_heads = 2, .head_dim = 32}, &AddPhi3Factors, 512},
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
         w->SetString("olmo2.rope.scaling.type", "yarn");
         w->SetF32("olmo2.rope.scaling.factor", 8.0f);
         w->SetU32("olmo2.rope.scaling.original_context_length", 32);
       }},
      {"gemma2",
       {.architecture = "gemma2",
        .num_layers = 3,
        .num_heads = 2,
        .num_kv_heads = 1,
        .head_dim = 96}},
      {"gemma3",
       {.architecture = "gemma3",
        .num_layers = 4,
        .num_heads = 2,
        .num_kv_heads = 1,
        .head_dim = 256}},
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
