// What is behind the public Model.
#pragma once

#include <memory>

#include "dynsplit/model.h"
#include "model/weights.h"

namespace dynsplit {

struct Model::Impl {
  std::unique_ptr<Weights> weights;
  std::shared_ptr<const Tokenizer> tokenizer;
  Result<ChatTemplate> chat_template = Unsupported("no template was read");
  ModelDescription description;
};

}  // namespace dynsplit
