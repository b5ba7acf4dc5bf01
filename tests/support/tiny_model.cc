#include "support/tiny_model.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/rng.h"

namespace dynsplit::testing {
namespace {

constexpr int32_t kNormal = 1;
constexpr int32_t kUnknown = 2;
constexpr int32_t kControl = 3;
constexpr int32_t kByte = 6;

const char kChatMl[] =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' "
    "}}{% endif %}";

std::string Utf8(uint32_t code) {  // below 0x800
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3f))};
}

// The character that stands for each byte in byte-level vocabularies: printable ones for
// themselves, the others for code points from 256 on.
std::vector<std::string> ByteCharacters() {
  std::vector<std::string> characters;
  uint32_t next = 256;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
    characters.push_back(Utf8(printable ? byte : next++));
  }
  return characters;
}

struct TokenLists {
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<int32_t> types;
  std::vector<std::string> merges;

  uint32_t Add(const std::string& token, int32_t type, float score = 0.0f) {
    tokens.push_back(token);
    types.push_back(type);
    scores.push_back(score);
    return static_cast<uint32_t>(tokens.size() - 1);
  }
};

void AddByteLevelVocabulary(TokenLists* lists, GgufWriter* writer) {
  for (const std::string& character : ByteCharacters()) lists->Add(character, kNormal);
  const std::pair<const char*, const char*> merges[] = {
      {"h", "e"}, {"i", "n"},   {"Ġ", "t"},  {"r", "e"}, {"o", "n"},   {"Ġ", "a"},
      {"e", "r"}, {"Ġt", "he"}, {"n", "d"},  {"a", "t"}, {"Ġ", "in"},  {"o", "r"},
      {"e", "s"}, {"Ġa", "nd"}, {"Ġ", "o"},  {"e", "n"}, {"Ġo", "f"},  {"in", "g"},
      {"l", "l"}, {"Ċ", "Ċ"},   {"er", "s"}, {"Ġ", "Ġ"}, {"ĠĠ", "ĠĠ"}, {"i", "s"},
  };
  for (const auto& [left, right] : merges) {
    lists->merges.push_back(std::string(left) + " " + right);
    lists->Add(std::string(left) + right, kNormal);
  }
  writer->SetString("tokenizer.ggml.model", "gpt2");
  writer->SetString("tokenizer.ggml.pre", "qwen2");
  writer->SetStrings("tokenizer.ggml.merges", lists->merges);
  writer->SetBool("tokenizer.ggml.add_bos_token", false);
}

void AddSentencePieceVocabulary(TokenLists* lists, GgufWriter* writer) {
  writer->SetU32("tokenizer.ggml.unknown_token_id", lists->Add("<unk>", kUnknown));
  for (int byte = 0; byte < 256; ++byte) {
    const char* digits = "0123456789ABCDEF";
    lists->Add(std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">", kByte);
  }
  float score = 0.0f;
  for (const char* piece :
       {"▁t", "he", "▁the", "in", "▁a", "nd", "▁and", "on", "er", "▁", "a", "b", "c", "d", "e",
        "f",  "g",  "h",    "i",  "l",  "n",  "o",    "r",  "s",  "t", "u", "w", ".", ","}) {
    lists->Add(piece, kNormal, score -= 1.0f);
  }
  writer->SetString("tokenizer.ggml.model", "llama");
  writer->SetBool("tokenizer.ggml.add_bos_token", true);
  writer->SetBool("tokenizer.ggml.add_space_prefix", true);
}

// Returns the number of tokens.
uint32_t AddVocabulary(bool sentence_piece, GgufWriter* writer) {
  TokenLists lists;
  sentence_piece ? AddSentencePieceVocabulary(&lists, writer)
                 : AddByteLevelVocabulary(&lists, writer);
  const uint32_t end_of_text = lists.Add("<|endoftext|>", kControl);
  lists.Add("<|im_start|>", kControl);
  const uint32_t end_of_turn = lists.Add("<|im_end|>", kControl);
  writer->SetU32("tokenizer.ggml.bos_token_id", end_of_text);
  writer->SetU32("tokenizer.ggml.eos_token_id", end_of_turn);
  writer->SetU32("tokenizer.ggml.padding_token_id", end_of_text);
  writer->SetStrings("tokenizer.ggml.tokens", lists.tokens);
  writer->SetI32s("tokenizer.ggml.token_type", lists.types);
  if (sentence_piece) writer->SetF32s("tokenizer.ggml.scores", lists.scores);
  writer->SetString("tokenizer.chat_template", kChatMl);
  return static_cast<uint32_t>(lists.tokens.size());
}

// Adds tensors of random values in their order.
class RandomTensors {
 public:
  RandomTensors(const TinyModelOptions& options, GgufWriter* writer)
      : type_(options.matrix_type), rng_(options.seed), writer_(writer) {}

  // Uniform values whose products with vectors of ones' size have about that size again.
  void Matrix(const std::string& name, uint32_t row_length, uint32_t num_rows) {
    Add(name, {row_length, num_rows});
  }
  void Matrices(const std::string& name, uint32_t row_length, uint32_t num_rows, uint32_t count) {
    Add(name, {row_length, num_rows, count});
  }
  void Norm(const std::string& name, uint32_t length, float mean = 1.0f) {
    Vector(name, length, mean);
  }
  void Bias(const std::string& name, uint32_t length) { Vector(name, length, 0.0f); }

 private:
  void Add(const std::string& name, const std::vector<uint64_t>& shape) {
    const auto row_length = static_cast<int64_t>(shape[0]);
    int64_t num_rows = 1;
    for (size_t i = 1; i < shape.size(); ++i) num_rows *= static_cast<int64_t>(shape[i]);
    const float range = std::sqrt(3.0f / static_cast<float>(row_length));
    const std::vector<float> values =
        Values(static_cast<uint64_t>(row_length * num_rows), 0.0f, range);
    std::string bytes(ggml_row_size(type_, row_length) * static_cast<size_t>(num_rows), '\0');
    ggml_quantize_chunk(type_, values.data(), bytes.data(), 0, num_rows, row_length, nullptr);
    writer_->tensors().push_back({name, static_cast<uint32_t>(type_), shape, std::move(bytes), {}});
  }
  void Vector(const std::string& name, uint32_t length, float middle) {
    const std::vector<float> values = Values(length, middle, 0.2f * std::max(1.0f, middle));
    std::string bytes(reinterpret_cast<const char*>(values.data()), length * sizeof(float));
    writer_->tensors().push_back({name, GGML_TYPE_F32, {length}, std::move(bytes), {}});
  }
  std::vector<float> Values(uint64_t count, float middle, float range) {
    std::vector<float> values(count);
    for (float& value : values) {
      value = middle + range * static_cast<float>(2.0 * rng_.Uniform() - 1.0);
    }
    return values;
  }

  ggml_type type_;
  Rng rng_;
  GgufWriter* writer_;
};

bool IsOneOf(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr uint32_t kNumExperts = 6;
constexpr uint32_t kUsedExperts = 2;
constexpr uint32_t kExpertLength = 32;

void AddAttention(const TinyModelOptions& o, const std::string& prefix, RandomTensors* tensors) {
  const uint32_t query = o.num_heads * o.head_dim;
  const uint32_t key = o.num_kv_heads * o.head_dim;
  const uint32_t value_dim = o.value_dim == 0 ? o.head_dim : o.value_dim;
  const uint32_t value = o.num_kv_heads * value_dim;
  using Part = std::pair<const char*, uint32_t>;
  std::vector<Part> parts = {{"attn_q", query}, {"attn_k", key}, {"attn_v", value}};
  if ((o.architecture == "phi3") != o.other_attention) {
    parts = {{"attn_qkv", query + key + value}};
  }
  for (const auto& [name, length] : parts) {
    tensors->Matrix(prefix + name + ".weight", o.embedding_length, length);
  }
  if (o.architecture == "qwen2") {
    for (const auto& [name, length] : parts) tensors->Bias(prefix + name + ".bias", length);
  }
  if (IsOneOf(o.architecture, {"qwen3", "qwen3moe", "gemma3"})) {
    tensors->Norm(prefix + "attn_q_norm.weight", o.head_dim);
    tensors->Norm(prefix + "attn_k_norm.weight", o.head_dim);
  }
  if (o.architecture == "olmo2") {
    tensors->Norm(prefix + "attn_q_norm.weight", query);
    tensors->Norm(prefix + "attn_k_norm.weight", key);
  }
  tensors->Matrix(prefix + "attn_output.weight", o.num_heads * value_dim, o.embedding_length);
}

void AddFeedForward(const TinyModelOptions& o, const std::string& prefix, RandomTensors* tensors) {
  if (o.architecture == "qwen3moe") {
    tensors->Matrix(prefix + "ffn_gate_inp.weight", o.embedding_length, kNumExperts);
    tensors->Matrices(prefix + "ffn_gate_exps.weight", o.embedding_length, kExpertLength,
                      kNumExperts);
    tensors->Matrices(prefix + "ffn_up_exps.weight", o.embedding_length, kExpertLength,
                      kNumExperts);
    tensors->Matrices(prefix + "ffn_down_exps.weight", kExpertLength, o.embedding_length,
                      kNumExperts);
    return;
  }
  if (o.architecture == "phi3") {
    tensors->Matrix(prefix + "ffn_up.weight", o.embedding_length, 2 * o.feed_forward_length);
  } else {
    tensors->Matrix(prefix + "ffn_gate.weight", o.embedding_length, o.feed_forward_length);
    tensors->Matrix(prefix + "ffn_up.weight", o.embedding_length, o.feed_forward_length);
  }
  tensors->Matrix(prefix + "ffn_down.weight", o.feed_forward_length, o.embedding_length);
}

void AddLayer(const TinyModelOptions& o, const std::string& prefix, RandomTensors* tensors) {
  const bool pre_norms = o.architecture != "olmo2";
  const bool post_norms = IsOneOf(o.architecture, {"olmo2", "gemma2", "gemma3"});
  if (pre_norms) tensors->Norm(prefix + "attn_norm.weight", o.embedding_length);
  AddAttention(o, prefix, tensors);
  if (post_norms) tensors->Norm(prefix + "post_attention_norm.weight", o.embedding_length);
  if (pre_norms) tensors->Norm(prefix + "ffn_norm.weight", o.embedding_length);
  AddFeedForward(o, prefix, tensors);
  if (post_norms) tensors->Norm(prefix + "post_ffw_norm.weight", o.embedding_length);
}

// Keys that only some architectures have, with numbers that make a difference in a tiny model.
void AddOwnKeys(const std::string& architecture, GgufWriter* writer) {
  const std::string prefix = architecture + ".";
  if (architecture == "qwen3moe") {
    writer->SetU32(prefix + "expert_count", kNumExperts);
    writer->SetU32(prefix + "expert_used_count", kUsedExperts);
    writer->SetU32(prefix + "expert_feed_forward_length", kExpertLength);
  } else if (architecture == "granite") {
    writer->SetF32(prefix + "embedding_scale", 3.0f);
    writer->SetF32(prefix + "residual_scale", 0.4f);
    writer->SetF32(prefix + "attention.scale", 0.5f);
    writer->SetF32(prefix + "logit_scale", 0.7f);
  } else if (architecture == "gemma2") {
    writer->SetU32(prefix + "attention.sliding_window", 40);
    writer->SetF32(prefix + "attn_logit_softcapping", 1.5f);
    writer->SetF32(prefix + "final_logit_softcapping", 6.0f);
  } else if (architecture == "gemma3") {
    writer->SetU32(prefix + "attention.sliding_window", 40);
    writer->SetU32(prefix + "attention.sliding_window_pattern", 3);
    writer->SetF32(prefix + "rope.freq_base", 1000000.0f);
  }
}

}  // namespace

GgufWriter TinyModel(const TinyModelOptions& o) {
  GgufWriter writer;
  const std::string prefix = o.architecture + ".";
  writer.SetString("general.architecture", o.architecture);
  writer.SetString("general.name", "tiny " + o.architecture);
  writer.SetU32(prefix + "block_count", o.num_layers);
  writer.SetU32(prefix + "context_length", o.context_length);
  writer.SetU32(prefix + "embedding_length", o.embedding_length);
  writer.SetU32(prefix + "feed_forward_length", o.feed_forward_length);
  writer.SetU32(prefix + "attention.head_count", o.num_heads);
  writer.SetU32(prefix + "attention.head_count_kv", o.num_kv_heads);
  if (o.last_kv_heads != 0) {
    std::vector<int32_t> counts(o.num_layers, static_cast<int32_t>(o.num_kv_heads));
    counts.back() = static_cast<int32_t>(o.last_kv_heads);
    writer.SetI32s(prefix + "attention.head_count_kv", counts);
  }
  writer.SetU32(prefix + "attention.key_length", o.head_dim);
  writer.SetU32(prefix + "attention.value_length", o.value_dim == 0 ? o.head_dim : o.value_dim);
  writer.SetF32(prefix + "attention.layer_norm_rms_epsilon", 1e-5f);
  writer.SetF32(prefix + "rope.freq_base", 10000.0f);
  writer.SetU32(prefix + "rope.dimension_count", o.head_dim);
  AddOwnKeys(o.architecture, &writer);
  const uint32_t vocab_size = AddVocabulary(o.sentence_piece, &writer);

  RandomTensors tensors(o, &writer);
  tensors.Matrix("token_embd.weight", o.embedding_length, vocab_size);
  for (uint32_t i = 0; i < o.num_layers; ++i) {
    TinyModelOptions layer = o;
    if (i + 1 == o.num_layers && o.last_kv_heads != 0) layer.num_kv_heads = o.last_kv_heads;
    AddLayer(layer, "blk." + std::to_string(i) + ".", &tensors);
  }
  tensors.Norm("output_norm.weight", o.embedding_length, o.output_gain);
  if (!o.tied) tensors.Matrix("output.weight", o.embedding_length, vocab_size);
  return writer;
}

}  // namespace dynsplit::testing
