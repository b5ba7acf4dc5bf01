// Writes the tiny models of all architectures, for tests/golden/make_architectures.py to run
// libllama on, and prints a line for each: its name, and the tokens of context it is made for.
//
// usage: write_tiny_models FOLDER
#include <cstdio>
#include <fstream>
#include <string>

#include "support/tiny_architectures.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_tiny_models FOLDER\n");
    return 2;
  }
  for (const auto& architecture : dynsplit::testing::TinyArchitectures()) {
    const std::string path = std::string(argv[1]) + "/" + architecture.name + ".gguf";
    std::ofstream file(path, std::ios::binary);
    file << architecture.Make().Build();
    file.close();
    if (!file) {
      std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
      return 1;
    }
    std::printf("%s %lld\n", architecture.name.c_str(),
                static_cast<long long>(architecture.context_tokens));
  }
  return 0;
}
