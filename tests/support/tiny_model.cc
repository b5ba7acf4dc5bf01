#include "support/tiny_model.h"

#include <cmath>
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
    const float range = std::sqrt(3.0f / static_cast<float>(row_length));
    const std::vector<float> values = Values(uint64_t{row_length} * num_rows, 0.0f, range);
    std::string bytes(ggml_row_size(type_, row_length) * num_rows, '\0');
    ggml_quantize_chunk(type_, values.data(), bytes.data(), 0, num_rows, row_length, nullptr);
    writer_->tensors().push_back(
        {name, static_cast<uint32_t>(type_), {row_length, num_rows}, std::move(bytes), {}});
  }
  void Norm(const std::string& name, uint32_t length) { Vector(name, length, 1.0f); }
  void Bias(const std::string& name, uint32_t length) { Vector(name, length, 0.0f); }

 private:
  void Vector(const std::string& name, uint32_t length, float middle) {
    const std::vector<float> values = Values(length, middle, 0.2f);
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

void AddLayer(const TinyModelOptions& o, const std::string& prefix, RandomTensors* tensors) {
  const uint32_t query = o.num_heads * o.head_dim;
  const uint32_t kv = o.num_kv_heads * o.head_dim;
  tensors->Norm(prefix + "attn_norm.weight", o.embedding_length);
  tensors->Matrix(prefix + "attn_q.weight", o.embedding_length, query);
  tensors->Matrix(prefix + "attn_k.weight", o.embedding_length, kv);
  tensors->Matrix(prefix + "attn_v.weight", o.embedding_length, kv);
  if (o.architecture == "qwen2") {
    tensors->Bias(prefix + "attn_q.bias", query);
    tensors->Bias(prefix + "attn_k.bias", kv);
    tensors->Bias(prefix + "attn_v.bias", kv);
  }
  tensors->Matrix(prefix + "attn_output.weight", query, o.embedding_length);
  tensors->Norm(prefix + "ffn_norm.weight", o.embedding_length);
  tensors->Matrix(prefix + "ffn_gate.weight", o.embedding_length, o.feed_forward_length);
  tensors->Matrix(prefix + "ffn_up.weight", o.embedding_length, o.feed_forward_length);
  tensors->Matrix(prefix + "ffn_down.weight", o.feed_forward_length, o.embedding_length);
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
  writer.SetU32(prefix + "attention.key_length", o.head_dim);
  writer.SetU32(prefix + "attention.value_length", o.head_dim);
  writer.SetF32(prefix + "attention.layer_norm_rms_epsilon", 1e-5f);
  writer.SetF32(prefix + "rope.freq_base", 10000.0f);
  writer.SetU32(prefix + "rope.dimension_count", o.head_dim);
  const uint32_t vocab_size = AddVocabulary(o.sentence_piece, &writer);

  RandomTensors tensors(o, &writer);
  tensors.Matrix("token_embd.weight", o.embedding_length, vocab_size);
  for (uint32_t i = 0; i < o.num_layers; ++i) {
    AddLayer(o, "blk." + std::to_string(i) + ".", &tensors);
  }
  tensors.Norm("output_norm.weight", o.embedding_length);
  if (!o.tied) tensors.Matrix("output.weight", o.embedding_length, vocab_size);
  return writer;
}

}  // namespace dynsplit::testing
