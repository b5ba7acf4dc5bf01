// A family of models: what its GGUF files are called, and what in them is its own. Everything else
// is common: keys (model_config.cc), weights (weights_layout.cc) and the graph (graph_builder.cc),
// whose layers take what the configuration and the weights say. A new family is one file
// arch/<name>.cc and one line in architecture.cc.
#pragma once

#include <string_view>
#include <vector>

#include "model/config_keys.h"
#include "model/model_config.h"
#include "model/weights_layout.h"

namespace dynsplit {

struct Architecture {
  std::string_view name;  // the value of "general.architecture"
  RopeLayout rope_layout;
  // Reads the keys that only this family has. The common part of `config` is read and checked, and
  // its layers are alike. Null: there are none.
  void (*read_config)(ConfigKeys* keys, ModelConfig* config);
  // Names the weights of a layer.
  void (*list_layer)(LayerSlots* slots);
};

// One for each arch/<name>.cc.
extern const Architecture kGemma2;
extern const Architecture kGemma3;
extern const Architecture kGranite;
extern const Architecture kLlama;
extern const Architecture kOlmo2;
extern const Architecture kPhi3;
extern const Architecture kQwen2;
extern const Architecture kQwen3;
extern const Architecture kQwen3Moe;
extern const Architecture kSmolLm3;

// All of them, by name.
std::vector<const Architecture*> SupportedArchitectures();

// The architecture of a file. Unsupported for what is none of the above, with what it is where that
// is known (an encoder, say), and for a file that holds no model; Corruption for keys of the wrong
// type.
Result<const Architecture*> FindArchitecture(const GgufReader& reader);

// What a file of the family has that lacks the keys below.
struct WindowDefaults {
  int window;       // of layers that have one; 0: none has
  int period;       // every so many layers one attends to all
  float freq_base;  // of the RoPE of layers with a window
  bool stretched;   // as the others, by what the file says
};

// Reads which layers have a window, and its length: "attention.sliding_window", and
// "attention.sliding_window_pattern", which is an array of one flag for each layer, or the period.
// Layers with a window turn positions by "rope.freq_base_swa".
void ReadWindows(ConfigKeys* keys, const WindowDefaults& defaults, ModelConfig* config);

}  // namespace dynsplit
