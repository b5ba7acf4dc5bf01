// Which tensors a model of a configuration has, under which names and of which shapes, and where
// each goes in ModelWeights.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "model/weights.h"

namespace dynsplit {

enum class WeightUse {
  kMatrix,     // the left side of a matrix product
  kEmbedding,  // looked up by row, and the matrix of the output where the file ties them
  kVector,     // f32, added or multiplied element by element
};

struct WeightSlot {
  std::string name;              // in the file
  std::array<int64_t, 2> shape;  // ggml's order; 1 as the second number of a vector
  WeightUse use;
  bool required;
  ggml_tensor** tensor;  // where it goes; within the ModelWeights given
};

// Sizes weights->layers and lists every tensor that the architecture names. The slots point into
// `weights`, which must outlive them and keep its layers.
std::vector<WeightSlot> ListWeightSlots(const ModelConfig& config, ModelWeights* weights);

}  // namespace dynsplit
