// What is behind the public Model.
#pragma once

#include <cstdint>
#include <memory>

#include "dynsplit/model.h"
#include "model/weights.h"

namespace dynsplit {

struct Model::Impl {
  std::unique_ptr<Weights> weights;
  std::shared_ptr<const Tokenizer> tokenizer;
  Result<ChatTemplate> chat_template = Unsupported("no template was read");
  ModelDescription description;
  RopeOptions rope;

  // Tells apart what the keys and values of a text depend on: the weights, and how an engine with
  // so many tokens of context turns keys by their positions.
  uint64_t Fingerprint(int64_t context_tokens) const;
};

}  // namespace dynsplit
