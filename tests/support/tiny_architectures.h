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

  GgufWriter Make() const;
};

inline void PrintTo(const TinyArchitecture& architecture, std::ostream* out) {
  *out << architecture.name;
}

const std::vector<TinyArchitecture>& TinyArchitectures();

}  // namespace dynsplit::testing
