// Tiny models with random weights: whole GGUF files of a few hundred KiB, with a vocabulary that
// can spell every text and has the special tokens of ChatML. The same options give the same bytes.
#pragma once

#include <cstdint>
#include <string>

#include "ggml.h"
#include "support/gguf_writer.h"

namespace dynsplit::testing {

struct TinyModelOptions {
  std::string architecture = "llama";  // or another supported one, with all that it always has
  uint32_t num_layers = 2;
  uint32_t embedding_length = 64;  // a multiple of the block of matrix_type
  uint32_t feed_forward_length = 96;
  uint32_t num_heads = 4;
  uint32_t num_kv_heads = 2;
  uint32_t last_kv_heads = 0;  // of the last layer; 0: num_kv_heads
  uint32_t head_dim = 16;
  uint32_t value_dim = 0;  // of values; 0: head_dim
  uint32_t context_length = 512;
  ggml_type matrix_type = GGML_TYPE_F32;
  bool tied = true;  // no output.weight
  // Queries, keys and values in one tensor where the family has three, and the other way round.
  bool other_attention = false;
  bool sentence_piece = false;  // the vocabulary's kind; default: byte-level BPE
  uint64_t seed = 1;
  float output_gain = 1.0f;  // mean weight of the last norm: how far logits are apart
};

GgufWriter TinyModel(const TinyModelOptions& options = {});

}  // namespace dynsplit::testing
