// Writes the first inputs of gguf_reader_fuzz: tiny models of each architecture, kind of
// vocabulary and some types.
//
// usage: gguf_reader_seeds FOLDER
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "support/gguf_writer.h"
#include "support/tiny_model.h"

int main(int argc, char** argv) {
  using dynsplit::testing::TinyModelOptions;
  if (argc != 2) {
    std::fprintf(stderr, "usage: gguf_reader_seeds FOLDER\n");
    return 2;
  }
  TinyModelOptions small;
  small.num_layers = 1;
  small.embedding_length = 32;
  small.feed_forward_length = 32;
  small.num_heads = 2;
  small.matrix_type = GGML_TYPE_Q4_0;
  TinyModelOptions qwen2 = small;
  qwen2.architecture = "qwen2";
  qwen2.matrix_type = GGML_TYPE_Q8_0;
  TinyModelOptions sentence_piece = small;
  sentence_piece.sentence_piece = true;
  sentence_piece.tied = false;
  std::vector<TinyModelOptions> seeds = {small, qwen2, sentence_piece};
  for (const char* architecture : {"gemma3", "granite", "olmo2", "phi3", "qwen3moe"}) {
    seeds.push_back(small);
    seeds.back().architecture = architecture;
  }
  int index = 0;
  for (const TinyModelOptions& options : seeds) {
    const std::string path = std::string(argv[1]) + "/tiny" + std::to_string(index++) + ".gguf";
    std::ofstream file(path, std::ios::binary);
    file << dynsplit::testing::TinyModel(options).Build();
    if (!file.good()) {
      std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
      return 1;
    }
  }
  return 0;
}
