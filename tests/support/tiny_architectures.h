// Tiny models of every supported architecture, with what its family can have switched on: those
// that are compared with libllama's logits. tests/golden/make_architectures.py makes the golden
// files.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "support/gguf_writer.h"
#include "support/tiny_model.h"

namespace dynsplit::testing {

struct TinyArchitecture {
  std::string name;  // of the golden file and the test
  TinyModelOptions options;
  std::function<void(GgufWriter*)> change = {};  // what no option says; may be empty
  int64_t context_tokens = 256;                  // what an engine is made for
  // How far predictions may be from libllama's: the mean divergence, and the difference of log
  // probabilities up to which libllama likes two tokens equally, so that either may be the top one.
  double most_divergence = 1e-4;
  double most_loss = 0.02;

  GgufWriter Make() const;
};

inline void PrintTo(const TinyArchitecture& architecture, std::ostream* out) {
  *out << architecture.name;
}

const std::vector<TinyArchitecture>& TinyArchitectures();

}  // namespace dynsplit::testing
