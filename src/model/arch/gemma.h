// What Gemma 2 and 3 have in common.
#pragma once

#include <cmath>

#include "model/architecture.h"

namespace dynsplit {

inline constexpr float kMaxGemmaSoftcap = 1e6f;

// GELU, embeddings multiplied by the root of their length, and the largest model's own scale of
// scores, which no key says: `layers_of_27b` tells it.
inline void ReadGemmaConfig(int layers_of_27b, ModelConfig* config) {
  config->activation = Activation::kGelu;
  config->embedding_scale = std::sqrt(static_cast<float>(config->embedding_length));
  if (config->num_layers == layers_of_27b) {
    const int share = config->embedding_length / config->num_heads;
    config->attention_scale = 1.0f / std::sqrt(static_cast<float>(share));
  }
}

}  // namespace dynsplit
